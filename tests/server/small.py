"""A small application, and gunicorn's settings for it: two threads and short time limits."""

import os
import select
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from imagehost.server import client_socket, connection
from imagehost.web.header_limits import REFUSED_STATUS

bind = f"127.0.0.1:{os.environ['SMALL_PORT']}"
worker_class = os.environ.get("SMALL_WORKER", "imagehost.server.worker.Worker")
threads = 2
worker_connections = int(os.environ.get("SMALL_CONNECTIONS", "1000"))
keepalive = 4
graceful_timeout = 10
limit_request_field_size = 32 * 1024
limit_request_line = 8190
control_socket_disable = True
loglevel = "warning"

connection.SECONDS_FOR_HEAD = float(os.environ.get("SMALL_HEAD", "1"))
connection.SECONDS_TO_CLOSE = 1.0
connection.SECONDS_TO_DISCARD = 2.0
client_socket.LOOK = 0.1
client_socket.GRACE_SECONDS = float(os.environ.get("SMALL_GRACE", "1"))
FILE = os.environ.get("SMALL_FILE", "")


def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Call the function that the path names."""
    if status := environ.get(REFUSED_STATUS):
        return answer(start_response, f"{status.value} Refused", f"{environ['PATH_INFO']} {shape(environ)}")
    return globals()[environ["PATH_INFO"][1:] or "hello"](environ, start_response)


def shape(environ: dict[str, Any]) -> str:
    return str(environ.get("HTTP_ACCEPT", "-"))


def answer(start_response: Any, status: str, text: str) -> list[bytes]:
    body = text.encode()
    start_response(status, [("Content-Length", str(len(body)))])
    return [body]


def hello(_: dict[str, Any], start_response: Any) -> list[bytes]:
    return answer(start_response, "200 OK", "hello")


def refuse(_: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer without reading the body."""
    return answer(start_response, "413 No", "no")


def read(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Read the body in pieces, and answer with its length."""
    size = 0
    try:
        while piece := environ["wsgi.input"].read(1000):
            size += len(piece)
    except TimeoutError:
        return answer(start_response, "408 Slow", "slow")
    return answer(start_response, "200 OK", str(size))


def first(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Read only some bytes of the body. The parser of forms may also leave the end unread."""
    return answer(start_response, "200 OK", environ["wsgi.input"].read(5).decode())


def stream(_: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [])
    return (b"x" * 100_000 for _ in range(20))


def breaks(_: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Length", "1000000")])
    yield b"x" * 200_000
    raise RuntimeError("on purpose")


def fails(_: dict[str, Any], __: Any) -> Iterable[bytes]:
    raise RuntimeError("on purpose")


def file(environ: dict[str, Any], start_response: Any) -> Any:
    start_response("200 OK", [("Content-Length", str(Path(FILE).stat().st_size))])
    return environ["wsgi.file_wrapper"](Path(FILE).open("rb"))


def gone(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer after the client has closed the connection."""
    poll = select.poll()
    poll.register(environ["gunicorn.socket"], select.POLLRDHUP)
    assert poll.poll(20_000)
    Path(FILE).touch()
    return answer(start_response, "200 OK", "too late")
