"""Answers to what cannot be done: each error with its status, code and sentence, in all three shapes."""

import logging
from http import HTTPStatus

from flask import Flask, Response, g, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from imagehost.domain.errors import ImageHostError
from imagehost.domain.upload_errors import FormTooLarge, TooLarge
from imagehost.extensions import settings
from imagehost.logs import setup
from imagehost.web.languages import in_english
from imagehost.web.responses import render

MESSAGES = {
    HTTPStatus.BAD_REQUEST: _(
        "The request cannot be read. It may have been cut off on its way; send it again."
    ),
    HTTPStatus.NOT_FOUND: _("There is nothing at this address."),
    HTTPStatus.PRECONDITION_FAILED: _("The image is not the one that your request is meant for."),
    HTTPStatus.METHOD_NOT_ALLOWED: _("This address does not take that method."),
    HTTPStatus.REQUEST_URI_TOO_LONG: _("The address is too long. Send a shorter one."),
    HTTPStatus.EXPECTATION_FAILED: _(
        "What the header Expect asks for is not known here. Send the request without it."
    ),
    HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE: _("The image has no such range of bytes."),
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: _(
        "The headers of the request are too large. Clear the cookies of this site and try again."
    ),
    HTTPStatus.NOT_IMPLEMENTED: _(
        "The body is encoded in a way that is not understood here. Send it as it is."
    ),
    HTTPStatus.HTTP_VERSION_NOT_SUPPORTED: _(
        "This version of HTTP is not spoken here. Use HTTP/1.1 or HTTP/2."
    ),
}
PAGE, FRAGMENT = "errors/index.html", "errors/_alert.html"
PLAIN: dict[int, str] = {HTTPStatus.MISDIRECTED_REQUEST: "errors/plain.html"}
"""Pages without styles and links, for errors at an address that has neither."""

log = logging.getLogger(__name__)


def refuse(status: int, code: str, message: object, **facts: object) -> Response:
    """Answer with an error in the shape and the language that the client asked for."""
    reason = in_english(message)
    facts_of_log = {"status": int(status), "code": code, "reason": reason, "path": request.path}
    log.info(setup.REFUSED, extra=facts_of_log)
    # Templates take a lazy string for markup, and a file's name in it would be theirs to run.
    text = str(message)
    data = described(code, text, **facts)
    page = PLAIN.get(status, PAGE)
    return render(data, page=page, fragment=FRAGMENT, status=status, message=text, code=status)


def described(code: str, message: str, **facts: object) -> dict[str, object]:
    """Write an error as JSON has it."""
    return {"status": "error", "code": code, "message": message, "detail": message, **facts}


def named(error: HTTPException) -> tuple[str, object]:
    """Give the code and the message of one of Flask's errors."""
    # Werkzeug's name for it: Python's own differ from version to version.
    code = error.name.lower().replace(" ", "_")
    return code, MESSAGES.get(HTTPStatus(error.code or 0)) or error.description or code


def fault(request_id: str) -> tuple[str, object, dict[str, object]]:
    """Give the code and the message of a fault of ours, and what else is told of it."""
    message = _(
        "Something went wrong here, and it is not your fault. "
        "The number of this request is %(number)s; try again later.",
        number=request_id,
    )
    return "internal_error", message, {"request_id": request_id}


def refuse_ours(error: ImageHostError) -> ResponseReturnValue:
    """Answer with one of our own errors."""
    answer = refuse(error.status, error.code, error.message)
    if error.retry_after:
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def refuse_http(error: HTTPException) -> ResponseReturnValue:
    """Answer with an error of Flask's, or let its redirects through."""
    if isinstance(error, RequestEntityTooLarge):
        # What declares too much as a whole was refused before: security.refuse_too_large.
        declared = request.content_length is not None
        return refuse_ours(FormTooLarge() if declared else TooLarge(settings.max_file_size))
    if error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error
    answer = refuse(error.code, *named(error))
    for name, value in error.get_headers():
        if name not in {"Content-Type", "Content-Length"}:
            answer.headers[name] = value
    return answer


def refuse_fault(error: Exception) -> ResponseReturnValue:
    """Answer for a fault of ours: its traceback goes to the log, its request id to the client."""
    log.error("internal error", exc_info=error, extra={"path": request.path})
    code, message, facts = fault(g.request_id)
    return refuse(500, code, message, **facts)


def init_app(app: Flask) -> None:
    """Register the answers."""
    app.register_error_handler(ImageHostError, refuse_ours)
    app.register_error_handler(HTTPException, refuse_http)
    app.register_error_handler(Exception, refuse_fault)
