"""Answer a request in a thread of the Worker: read the head, call the application, send its answer."""

import logging
from datetime import UTC, datetime
from http import HTTPStatus

from gunicorn.http import wsgi
from gunicorn.http.errors import (
    ExpectationFailed,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
    UnsupportedTransferCoding,
)
from gunicorn.http.message import Request
from gunicorn.workers.gthread import ThreadWorker

from imagehost.server.answers import Answer
from imagehost.server.connection import Connection
from imagehost.server.fixed_answers import INTERNAL_ERROR, UNREADABLE
from imagehost.web.header_limits import REFUSED_STATUS

STATUSES = {
    LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
    UnsupportedTransferCoding: HTTPStatus.NOT_IMPLEMENTED,
}
"""The statuses for heads that cannot be read. All other errors of gunicorn's parser are bad requests."""

log = logging.getLogger(__name__)


def handle(worker: ThreadWorker, connection: Connection) -> None:
    """Answer one request of a connection."""
    request, closes = None, True
    try:
        request, refused = read_request(worker, connection)
        closes = not answer(worker, request, connection, refused)
    except TimeoutError:
        connection.abort()
    except ParseException:
        # The body is malformed, and the application did not handle that.
        if not connection.client.answered:
            connection.say(UNREADABLE)
    except OSError as error:
        log.debug("connection lost", extra={"error": error})
    except Exception:
        log.exception("a request failed")
        if not connection.client.answered:
            connection.say(INTERNAL_ERROR)
    finally:
        connection.end(request, closes=closes)


def read_request(worker: ThreadWorker, connection: Connection) -> tuple[Request, HTTPStatus | None]:
    """Read the head of a request.

    Returns:
        The request, and None. If the head cannot be read: a replacement request, which decides the shape of
        the answer, and the status of the answer.
    """
    try:
        return connection.begin(worker.cfg), None
    except ParseException as error:
        return connection.begin_refused(worker.cfg), STATUSES.get(type(error), HTTPStatus.BAD_REQUEST)


def answer(
    worker: ThreadWorker, request: Request, connection: Connection, refused: HTTPStatus | None
) -> bool:
    """Let the application answer. Return whether the connection can take another request."""
    begin = datetime.now(UTC)
    sent, environ = wsgi.create(
        request, connection.client, connection.address, connection.server, worker.cfg, Answer
    )
    environ["wsgi.multithread"] = True
    if refused:
        environ[REFUSED_STATUS] = refused
    if refused or not worker.cfg.keepalive or not worker.serves_more():
        sent.force_close()
    parts = worker.wsgi(environ, sent.start_response)
    try:
        if isinstance(parts, wsgi.FileWrapper):
            sent.write_file(parts)
        else:
            for part in parts:
                sent.write(part)
        sent.close()
    finally:
        worker.log.access(sent, request, environ, datetime.now(UTC) - begin)
        if hasattr(parts, "close"):
            parts.close()
    return not (sent.should_close() or request.body.failed or connection.client.failed)
