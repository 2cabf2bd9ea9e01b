"""Answers to errors: each one has a status, a code and a sentence, in all three shapes."""

import logging
from http import HTTPStatus

from flask import Flask, Response
from flask.typing import ResponseReturnValue
from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from imagehost.domain.error_object import error_object
from imagehost.domain.errors import ImageHostError, TooLarge
from imagehost.logs import setup
from imagehost.web import messages
from imagehost.web.binding import current_host, current_request
from imagehost.web.errors import FormTooLarge
from imagehost.web.languages import in_english_text
from imagehost.web.request_ids import request_id
from imagehost.web.responses import render_answer

MESSAGES = {
    HTTPStatus.BAD_REQUEST: _("The request cannot be read. It may be incomplete; send it again."),
    HTTPStatus.NOT_FOUND: _("Nothing was found at this address. Check the address."),
    HTTPStatus.PRECONDITION_FAILED: _("The If-Match header of the request does not match this image."),
    HTTPStatus.METHOD_NOT_ALLOWED: _("This address does not support this HTTP method."),
    HTTPStatus.REQUEST_URI_TOO_LONG: _("The address is too long. Use a shorter address."),
    HTTPStatus.EXPECTATION_FAILED: _(
        "The server does not support the value of the Expect header. Send the request without this header."
    ),
    HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE: _("The image does not contain the requested byte range."),
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: _(
        "The headers of the request are too large. Clear the cookies of this site and try again."
    ),
    HTTPStatus.NOT_IMPLEMENTED: _(
        "The server does not support the transfer encoding of the request body. Send the body without it."
    ),
    HTTPStatus.HTTP_VERSION_NOT_SUPPORTED: _(
        "The server does not support this version of HTTP. Use HTTP/1.1 or HTTP/2."
    ),
}
ERROR_PAGE, ERROR_FRAGMENT = "errors/index.html", "errors/_alert.html"
PLAIN_PAGES: dict[int, str] = {HTTPStatus.MISDIRECTED_REQUEST: "errors/plain.html"}
"""Pages without styles and links, for errors at an address that has neither."""

log = logging.getLogger(__name__)


def refuse(status: int, code: str, message: object, **facts: object) -> Response:
    """Answer with an error in the shape and the language that the client asked for."""
    reason = in_english_text(message)
    facts_of_log = {"status": int(status), "code": code, "reason": reason, "path": current_request().path}
    log.info(setup.REFUSED_EVENT, extra=facts_of_log)
    # Templates treat a lazy string as markup, so a file's name in it could contain scripts.
    text = str(message)
    data = error_object(code, text, **facts)
    page = PLAIN_PAGES.get(status, ERROR_PAGE)
    return render_answer(data, page=page, fragment=ERROR_FRAGMENT, status=status, message=text, code=status)


def code_and_message(error: HTTPException) -> tuple[str, object]:
    """Return the code and the message of one of Flask's errors."""
    # Use Werkzeug's name of the status: the names in Python differ between versions.
    code = error.name.lower().replace(" ", "_")
    return code, MESSAGES.get(HTTPStatus(error.code or 0)) or error.description or code


def fault(number: str) -> tuple[str, object, dict[str, object]]:
    """Return the code, the message and further facts of an internal error. ``number`` is the request id."""
    message = _(
        "The server could not answer this request because of an internal error. Try again later. "
        "If the error continues, tell the person who runs this server the request ID %(number)s.",
        number=number,
    )
    return "internal_error", message, {"request_id": number}


def refuse_ours(error: ImageHostError, **facts: object) -> Response:
    """Answer with one of imagehost's errors, and with further facts in JSON."""
    answer = refuse(messages.status(error), error.code, LazyString(messages.sentence, error), **facts)
    if error.retry_after:
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def refuse_http(error: HTTPException) -> ResponseReturnValue:
    """Answer with one of Flask's errors. Return its redirects unchanged."""
    if isinstance(error, RequestEntityTooLarge):
        # A request whose declared length is too large has already been refused by guard.check_length.
        declared = current_request().content_length is not None
        return refuse_ours(FormTooLarge() if declared else TooLarge(current_host().settings.max_file_size))
    if error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error
    answer = refuse(error.code, *code_and_message(error))
    for name, value in error.get_headers():
        if name not in {"Content-Type", "Content-Length"}:
            answer.headers[name] = value
    return answer


def refuse_fault(error: Exception) -> ResponseReturnValue:
    """Answer to an internal error: log its traceback, and send the request id to the client."""
    log.error("internal error", exc_info=error, extra={"path": current_request().path})
    code, message, facts = fault(request_id())
    return refuse(500, code, message, **facts)


def init_app(app: Flask) -> None:
    """Register the error handlers."""
    app.register_error_handler(ImageHostError, refuse_ours)
    app.register_error_handler(HTTPException, refuse_http)
    app.register_error_handler(Exception, refuse_fault)
