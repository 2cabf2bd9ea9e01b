"""A small server that says how a long-running command is doing, for health checks."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from http import HTTPStatus
from threading import Thread

from werkzeug import Request, Response
from werkzeug.serving import WSGIRequestHandler, make_server

from imagehost.domain.failures import Failure


class Quiet(WSGIRequestHandler):
    """Logs no requests: health checks are all that come."""

    def log(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(problem: Callable[[], str | None], host: str, port: int) -> Iterator[None]:
    """Answer ``/healthz``, and ``/readyz`` by whether there is a problem, while the block runs."""
    # Each request has a thread of its own, which knows nothing of the application by itself.
    context = copy_context()

    @Request.application
    def answer(request: Request) -> Response:
        if request.path == "/healthz":
            return told(HTTPStatus.OK, {"status": "success"})
        if request.path != "/readyz":
            return told(HTTPStatus.NOT_FOUND, error("not_found", "There is nothing at this address."))
        said = context.copy().run(problem)
        if said is None:
            return told(HTTPStatus.OK, {"status": "success", "backup": "ok"})
        return told(HTTPStatus.SERVICE_UNAVAILABLE, {**error("unavailable", said), "backup": "failed"})

    try:
        server = make_server(host, port, answer, threaded=True, request_handler=Quiet)
    except (OSError, SystemExit) as failed:
        raise Failure(f"The state cannot be told at {host}:{port}. Choose another --port.") from failed
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


def error(code: str, message: str) -> dict[str, str]:
    """Write an error in the shape that all answers have."""
    return {"status": "error", "code": code, "message": message, "detail": message}


def told(status: HTTPStatus, facts: dict[str, str]) -> Response:
    """Answer with JSON."""
    headers = {"Cache-Control": "no-store"}
    return Response(json.dumps(facts) + "\n", status, headers, mimetype="application/json")
