"""Give each request an id, which log lines and answers contain."""

import re
import secrets

from flask import Flask, Response

from imagehost.logs.context import CURRENT, NO_REQUEST, RequestOrigin
from imagehost.web.binding import current_request

GIVEN_ID = re.compile(r"[A-Za-z0-9-]{8,64}")


def request_id() -> str:
    """Return the id of the request."""
    return CURRENT.get().request


def choose_request_id() -> None:
    """Choose the id; keep an id that a trusted proxy gave."""
    request = current_request()
    given = request.headers.get("X-Request-ID", "")
    trusted = bool(request.environ.get("werkzeug.proxy_fix.orig"))
    chosen = given if trusted and GIVEN_ID.fullmatch(given) else secrets.token_hex(8)
    CURRENT.set(RequestOrigin(chosen, request.remote_addr or "-"))


def forget_request(_: BaseException | None) -> None:
    """Forget the request: the thread answers others after it."""
    CURRENT.set(NO_REQUEST)


def send_request_id(answer: Response) -> Response:
    """Send the id with the answer."""
    answer.headers["X-Request-ID"] = request_id()
    return answer


def init_app(app: Flask) -> None:
    """Give each request an id. Call this first, so that the lines of all other hooks have it."""
    app.before_request(choose_request_id)
    app.teardown_request(forget_request)
    app.after_request(send_request_id)
