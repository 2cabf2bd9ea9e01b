"""A small HTTP server that reports the state of a long-running command to health checks."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from threading import Thread

from werkzeug import Request, Response
from werkzeug.serving import WSGIRequestHandler, make_server

from imagehost.domain.error_object import error_object
from imagehost.domain.failures import Failure


class Quiet(WSGIRequestHandler):
    """Logs no requests, because all of them are health checks."""

    def log(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def serving(problem: Callable[[], str | None], host: str, port: int) -> Iterator[None]:
    """Answer ``/healthz`` and ``/readyz`` while the block runs. ``/readyz`` fails if there is a problem.

    Raises Failure.
    """

    @Request.application
    def answer(request: Request) -> Response:
        if request.path == "/healthz":
            return told(HTTPStatus.OK, {"status": "success"})
        if request.path != "/readyz":
            return told(
                HTTPStatus.NOT_FOUND,
                error_object("not_found", "Nothing was found at this address. Check the address."),
            )
        said = problem()
        if said is None:
            return told(HTTPStatus.OK, {"status": "success", "backup": "ok"})
        return told(HTTPStatus.SERVICE_UNAVAILABLE, error_object("unavailable", said, backup="failed"))

    try:
        server = make_server(host, port, answer, threaded=True, request_handler=Quiet)
    except (OSError, SystemExit) as failed:
        raise Failure(
            f"The command cannot listen on {host}:{port} for health checks. Choose another --host or --port."
        ) from failed
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


def told(status: HTTPStatus, facts: Mapping[str, object]) -> Response:
    """Return a JSON answer."""
    headers = {"Cache-Control": "no-store"}
    return Response(json.dumps(facts) + "\n", status, headers, mimetype="application/json")
