"""Many clients, and slow ones, on the bare server do not delay others, and are disconnected."""

import io
import json
import os
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
import requests
from PIL import Image

from tests import pictures
from tests.server.running import answer, ended, is_open, trickle
from tests.system.server import Server

HALF = b"GET /images-list HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: a"
GET = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
KIND = "Content-Type: multipart/form-data; boundary=----b"
PART = b'------b\r\nContent-Disposition: form-data; name="file"; filename="x.jpg"\r\n\r\n'
PHOTO = pictures.jpg(64, 48)
HTML = {"Accept": "text/html"}


def upload(size: int, *lines: str, host: str = "127.0.0.1") -> bytes:
    """Return the head of an upload."""
    length = f"Content-Length: {size}"
    return "\r\n".join(["POST /upload HTTP/1.1", f"Host: {host}", KIND, length, *lines, "", ""]).encode()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server with two workers, as a small host has."""
    with Server(tmp_path_factory.mktemp("slow")) as running:
        yield running


@contextmanager
def many(server: Server, number: int, data: bytes, window: int = 0) -> Iterator[list[socket.socket]]:
    """Open ``number`` connections, and send the same on each; ``window`` limits the receive buffer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
    with ExitStack() as opened:
        lines = []
        for _ in range(number):
            lines.append(opened.enter_context(socket.socket()))
            if window:
                lines[-1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
            lines[-1].settimeout(30)
            lines[-1].connect(("127.0.0.1", server.port))
            lines[-1].sendall(data)
        yield lines
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def visit(server: Server) -> None:
    """Read the list and upload a picture, on new connections."""
    page = requests.get(f"{server.url}/images-list", headers=HTML, timeout=30)
    assert (page.status_code, "<!doctype html>" in page.text) == (200, True)
    sent = requests.post(f"{server.url}/upload", files={"file": ("x.jpg", PHOTO)}, timeout=30)
    assert sent.status_code == 200


@pytest.mark.parametrize("number", [150, 300])
def test_incomplete_heads_do_not_delay_others(server, number):
    with many(server, number, HALF) as lines:
        visit(server)
        # All connections were still open while the visitor was served: none was closed for it.
        assert all(map(is_open, lines))
        for line in lines:
            found = answer(line)
            assert (found.status, json.loads(found.body)["code"]) == (408, "request_timeout")
            assert ended(line)


@pytest.mark.parametrize("data", [b"", GET, HALF], ids=["without a byte", "kept alive", "half-sent"])
def test_2100_connections_do_not_delay_others(server, data):
    workers = server.workers()
    with many(server, 2100, data) as lines:
        visit(server)
        if data == GET:
            # Only idle connections were closed, the oldest first, so the newest ones have answers.
            assert sum(line.recv(12).startswith(b"HTTP/1.1 200") for line in lines[-100:]) == 100
        elif data:
            assert sum(map(is_open, lines)) > 1000
        visit(server)
    assert server.workers() == workers
    visit(server)


def test_slow_uploads_keep_no_visitor_waiting(server):
    with many(server, 200, upload(1_000_000) + PART) as lines:
        page = requests.get(f"{server.url}/images-list", headers=HTML, timeout=30)
        assert page.status_code == 200
        # Requests that wait for a thread take it from the others, after a second.
        assert any(map(is_open, lines))
        visit(server)


def test_an_upload_at_a_byte_a_second_is_ended(server):
    """The test sends much faster, to be short, but still too slowly for the limit."""
    before = len(requests.get(f"{server.url}/api/upload", timeout=30).json())
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as line:
        line.sendall(upload(1_000_000) + PART)
        begin = time.monotonic()
        trickle(line, b"x" * 10_000, 0.05)
        assert 15 < time.monotonic() - begin < 60
        found = answer(line)
        error = json.loads(found.body)
        assert (found.status, error["code"]) == (408, "request_timeout")
        assert error["message"] == error["detail"]
        assert ended(line)
    assert len(requests.get(f"{server.url}/api/upload", timeout=30).json()) == before


@pytest.mark.parametrize("shape", ["text/html", "*/*"])
def test_a_chunked_upload_that_stops_gets_408_in_its_shape(server, shape):
    head = f"POST /upload HTTP/1.1\r\nHost: 127.0.0.1\r\n{KIND}\r\nAccept: {shape}\r\n"
    data = head.encode() + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(PART), PART)
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as line:
        line.sendall(data)
        found = answer(line)
        assert found.status == 408
        assert (found.getheader("Content-Type") == "application/json") == (shape == "*/*")
        assert b"arrived too slowly" in found.body


def test_clients_that_read_nothing_occupy_no_thread(server):
    """There are more such clients than threads, and each answer is larger than the kernel's buffers."""
    noise = io.BytesIO()
    Image.frombytes("RGB", (1700, 1700), os.urandom(3 * 1700**2)).save(noise, "PNG")
    files = {"file": ("x.png", noise.getvalue())}
    image = requests.post(f"{server.url}/upload", files=files, timeout=60).json()
    path = image["url"].removeprefix(server.url)
    asked = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    with many(server, 150, asked, window=4096) as lines:
        visit(server)
        begun = {line: line.recv(100_000)[:12] for line in lines[:32]}
        assert set(begun.values()) == {b"HTTP/1.1 200"}
        # Some were disconnected: the thread of one of them served the visitor.
        assert any(map(is_reset, begun))


def is_reset(line: socket.socket) -> bool:
    """Read as long as bytes arrive, and return whether the server reset the connection."""
    try:
        while line.recv(1024 * 1024):
            line.settimeout(0.2)
    except ConnectionResetError:
        return True
    except TimeoutError:
        pass
    return False


EXPECT = "Expect: 100-continue"
REFUSED_BY_HEAD: dict[str, tuple[tuple[str, ...], int, int, str]] = {
    "too large": ((EXPECT,), 900_000_000, 413, "too_large"),
    "cross-site": ((EXPECT, "Sec-Fetch-Site: cross-site"), 1000, 403, "cross_site"),
    "another origin": ((EXPECT, "Origin: http://evil.example"), 1000, 403, "cross_site"),
}


@pytest.mark.parametrize(("lines", "size", "status", "code"), REFUSED_BY_HEAD.values(), ids=REFUSED_BY_HEAD)
def test_an_upload_is_refused_by_its_head(server, lines, size, status, code):
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as line:
        line.sendall(upload(size, *lines))
        # The first answer is the last one: no 100 before it.
        found = answer(line)
        assert (found.status, json.loads(found.body)["code"]) == (status, code)
        assert found.getheader("Connection") == "close"
        assert ended(line)


def test_an_upload_by_another_name_is_refused_by_its_head(server):
    """This holds also if its length alone would be a reason, and with or without ``Expect: 100-continue``."""
    for size, lines in ((1000, [EXPECT]), (900_000_000, [EXPECT]), (1000, []), (900_000_000, [])):
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as line:
            line.sendall(upload(size, *lines, host="evil.example"))
            found = answer(line)
            assert (found.status, json.loads(found.body)["code"]) == (421, "wrong_host")


def test_a_client_over_its_limit_is_refused_before_it_sends(tmp_path):
    with (
        Server(tmp_path, RATE_LIMIT_ENABLED="true", RATE_LIMIT="1/hour", WEB_SERVER_WORKERS=1) as running,
        socket.create_connection(("127.0.0.1", running.port), timeout=30) as line,
    ):
        visit(running)
        line.sendall(upload(1000, EXPECT))
        found = answer(line)
        assert (found.status, json.loads(found.body)["code"]) == (429, "rate_limited")
