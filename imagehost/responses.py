"""One answer in three shapes: a page for a browser, a fragment for htmx, JSON for everybody else.

The only reader of ``HX-*`` and ``Accept``.
"""

import logging
from enum import Enum
from http import HTTPStatus

from flask import Flask, Response, g, jsonify, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from imagehost.errors import FormTooLarge, ImageHostError, TooLarge
from imagehost.extensions import settings

INTERNAL = (
    "Something went wrong here, and it is not your fault. The number of this request is {}; try again later."
)

log = logging.getLogger(__name__)


class Shape(Enum):
    """How a client wants its answer."""

    PAGE = "page"
    FRAGMENT = "fragment"
    JSON = "json"


def wanted() -> Shape:
    """Tell the shape that this request asks for."""
    headers = request.headers
    if headers.get("HX-Request") == "true" and headers.get("HX-History-Restore-Request") != "true":
        return Shape.FRAGMENT
    # Without parameters such as charset.
    by_name = any(
        value.partition(";")[0].strip().lower() == "text/html" and quality
        for value, quality in request.accept_mimetypes
    )
    return Shape.PAGE if by_name else Shape.JSON


def render(
    data: object,
    *,
    page: str,
    fragment: str,
    status: int = HTTPStatus.OK,
    see_other: str | None = None,
    event: str | None = None,
    **context: object,
) -> Response:
    """Answer with ``data`` as JSON, or with one of the two templates, which get ``context``.

    A page that changed something answers with 303 to ``see_other``; a fragment tells ``event`` to the page
    that it goes into.
    """
    shape = wanted()
    if shape is Shape.JSON:
        answer = make_response(jsonify(data), status)
    elif shape is Shape.FRAGMENT:
        answer = make_response(render_template(fragment, **context), status)
        answer.headers.update({"HX-Trigger": event} if event else {})
    elif see_other:
        answer = make_response(redirect(see_other, HTTPStatus.SEE_OTHER))
    else:
        answer = make_response(render_template(page, **context), status)
    return varied(answer)


def varied(answer: Response) -> Response:
    """Say what the shape of an answer depends on, so that no cache gives one client another's."""
    answer.vary.update(("HX-Request", "Accept"))
    return answer


def refuse(status: int, code: str, message: str, **facts: object) -> Response:
    """Answer with an error in the shape that the client asked for."""
    data = {"status": "error", "code": code, "message": message, "detail": message, **facts}
    log.info("refused", extra={"status": int(status), "code": code, "reason": message, "path": request.path})
    return render(
        data,
        page="errors/index.html",
        fragment="errors/_alert.html",
        status=status,
        message=message,
        code=status,
    )


def refuse_ours(error: ImageHostError) -> ResponseReturnValue:
    """Answer with one of our own errors."""
    answer = refuse(error.status, error.code, str(error))
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
    # Werkzeug's name for it: Python's own differ from version to version.
    code = error.name.lower().replace(" ", "_")
    answer = refuse(error.code, code, MESSAGES.get(HTTPStatus(error.code)) or error.description or code)
    for name, value in error.get_headers():
        if name not in {"Content-Type", "Content-Length"}:
            answer.headers[name] = value
    return answer


MESSAGES = {
    HTTPStatus.BAD_REQUEST: "The request cannot be read. It may have been cut off on its way; send it again.",
    HTTPStatus.NOT_FOUND: "There is nothing at this address.",
    HTTPStatus.PRECONDITION_FAILED: "The image is not the one that your request is meant for.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take that method.",
    HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE: "The image has no such range of bytes.",
}


def refuse_fault(error: Exception) -> ResponseReturnValue:
    """Answer for a fault of ours: its traceback goes to the log, its request id to the client."""
    log.error("internal error", exc_info=error, extra={"path": request.path})
    return refuse(500, "internal_error", INTERNAL.format(g.request_id), request_id=g.request_id)


def init_app(app: Flask) -> None:
    """Register the answers to errors."""
    app.json.sort_keys = False  # type: ignore[attr-defined]  # of Flask's default provider
    app.register_error_handler(ImageHostError, refuse_ours)
    app.register_error_handler(HTTPException, refuse_http)
    app.register_error_handler(Exception, refuse_fault)
