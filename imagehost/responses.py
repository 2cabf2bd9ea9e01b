"""One answer in three shapes: a page for a browser, a fragment for htmx, JSON for everybody else.

The only reader of ``HX-*`` and ``Accept``.
"""

import logging
from enum import Enum
from http import HTTPStatus

from flask import Flask, Response, g, jsonify, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from flask_compress import Compress
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.http import quote_etag

from imagehost.errors import FormTooLarge, ImageHostError, TooLarge
from imagehost.extensions import settings
from imagehost.languages import in_english

log = logging.getLogger(__name__)


class Shape(Enum):
    """How a client wants its answer."""

    PAGE = "page"
    FRAGMENT = "fragment"
    JSON = "json"


def wanted() -> Shape:
    """Tell the shape that this request asks for."""
    if request.headers.get("HX-History-Restore-Request") == "true":
        # Sent with HX-Request or without it, and always with an Accept that names nothing.
        return Shape.PAGE
    if request.headers.get("HX-Request") == "true":
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
    if see_other and shape is Shape.PAGE:
        return varied(make_response(redirect(see_other, HTTPStatus.SEE_OTHER)))
    answer = write(shape, data, page, fragment, context)
    answer.status_code = status
    if event and shape is Shape.FRAGMENT:
        answer.headers["HX-Trigger"] = event
    return varied(answer)


def render_unless_known(data: object, *, state: str, page: str, fragment: str, **context: object) -> Response:
    """Answer as ``render`` does, or with 304 to who has what ``state`` stands for already.

    Templates get ``etag``, by which a script asks for the fragment again (RFC 9110, section 13.1.2).
    """
    shape = wanted()
    tag = f"{state}-{shape.value}"
    if request.if_none_match.contains_weak(tag):
        answer = Response(status=HTTPStatus.NOT_MODIFIED)
    else:
        context["etag"] = quote_etag(f"{state}-{Shape.FRAGMENT.value}", weak=True)
        answer = write(shape, data, page, fragment, context)
    # Weak: compression writes the same answer in other bytes.
    answer.set_etag(tag, weak=True)
    return varied(answer)


def write(shape: Shape, data: object, page: str, fragment: str, context: dict[str, object]) -> Response:
    """Write an answer in a shape."""
    if shape is Shape.JSON:
        return jsonify(data)
    return make_response(render_template(fragment if shape is Shape.FRAGMENT else page, **context))


def varied(answer: Response) -> Response:
    """Say what the shape of an answer depends on, so that no cache gives one client another's."""
    answer.vary.update(("HX-Request", "HX-History-Restore-Request", "Accept"))
    return answer


def refuse(status: int, code: str, message: object, **facts: object) -> Response:
    """Answer with an error in the shape and the language that the client asked for."""
    reason = in_english(message)
    log.info("refused", extra={"status": int(status), "code": code, "reason": reason, "path": request.path})
    # Templates take a lazy string for markup, and a file's name in it would be theirs to run.
    text = str(message)
    data = {"status": "error", "code": code, "message": text, "detail": text, **facts}
    return render(
        data,
        page="errors/index.html",
        fragment="errors/_alert.html",
        status=status,
        message=text,
        code=status,
    )


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
    # Werkzeug's name for it: Python's own differ from version to version.
    code = error.name.lower().replace(" ", "_")
    answer = refuse(error.code, code, MESSAGES.get(HTTPStatus(error.code)) or error.description or code)
    for name, value in error.get_headers():
        if name not in {"Content-Type", "Content-Length"}:
            answer.headers[name] = value
    return answer


MESSAGES = {
    HTTPStatus.BAD_REQUEST: _(
        "The request cannot be read. It may have been cut off on its way; send it again."
    ),
    HTTPStatus.NOT_FOUND: _("There is nothing at this address."),
    HTTPStatus.PRECONDITION_FAILED: _("The image is not the one that your request is meant for."),
    HTTPStatus.METHOD_NOT_ALLOWED: _("This address does not take that method."),
    HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE: _("The image has no such range of bytes."),
}


def refuse_fault(error: Exception) -> ResponseReturnValue:
    """Answer for a fault of ours: its traceback goes to the log, its request id to the client."""
    log.error("internal error", exc_info=error, extra={"path": request.path})
    message = _(
        "Something went wrong here, and it is not your fault. "
        "The number of this request is %(number)s; try again later.",
        number=g.request_id,
    )
    return refuse(500, "internal_error", message, request_id=g.request_id)


def init_app(app: Flask) -> None:
    """Register the answers to errors, and compress what is text."""
    Compress(app)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # of Flask's default provider
    app.register_error_handler(ImageHostError, refuse_ours)
    app.register_error_handler(HTTPException, refuse_http)
    app.register_error_handler(Exception, refuse_fault)
