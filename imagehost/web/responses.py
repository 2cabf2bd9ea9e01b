"""One answer in three shapes: a page for a browser, a fragment for htmx, JSON for everybody else.

The only reader of ``HX-*`` and ``Accept``.
"""

from collections.abc import Callable
from enum import Enum
from http import HTTPStatus

from flask import Flask, Response, jsonify, make_response, redirect, render_template
from flask_compress import Compress
from werkzeug.http import quote_etag

from imagehost.web.binding import current_request

FOR_SCRIPTS = "/api/"
"""Answers at addresses below this path are JSON for all clients. nginx does the same:
variables.conf.template."""


class Shape(Enum):
    """The shape of an answer."""

    PAGE = "page"
    FRAGMENT = "fragment"
    JSON = "json"


def wanted() -> Shape:
    """Return the shape that this request asks for."""
    request = current_request()
    if request.path.startswith(FOR_SCRIPTS):
        return Shape.JSON
    if request.headers.get("HX-History-Restore-Request") == "true":
        # htmx sends this with or without HX-Request, and always with an Accept header that names no type.
        return Shape.PAGE
    if request.headers.get("HX-Request") == "true":
        return Shape.FRAGMENT
    return Shape.PAGE if "text/html" in accepted() else Shape.JSON


def is_for_program() -> bool:
    """Tell whether the answer is JSON, for a program and not for a page."""
    return wanted() is Shape.JSON


def accepted() -> set[str]:
    """Return the types that this request accepts by name, without parameters such as charset."""
    types = current_request().accept_mimetypes
    return {value.partition(";")[0].strip().lower() for value, quality in types if quality}


def is_for_picture() -> bool:
    """Tell whether the answer will be shown as a picture: browsers send this Accept header for an <img>."""
    types = accepted()
    return "text/html" not in types and any(name.startswith("image/") for name in types)


def render_answer(
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

    A page that changed something answers with 303 to ``see_other``; a fragment triggers ``event`` in the page
    that it is inserted into.
    """
    shape = wanted()
    if see_other and shape is Shape.PAGE:
        return varied(make_response(redirect(see_other, HTTPStatus.SEE_OTHER)))
    answer = write_shape(shape, data, page, fragment, context)
    answer.status_code = status
    if event and shape is Shape.FRAGMENT:
        answer.headers["HX-Trigger"] = event
    return varied(answer)


def render_unless_known(data: object, *, state: str, page: str, fragment: str, **context: object) -> Response:
    """Answer like ``render_answer``, or with 304 if the client already has the answer that ``state`` names.

    Templates get ``etag``, with which a script requests the fragment again (RFC 9110, section 13.1.2).
    """
    shape = wanted()
    context["etag"] = quote_etag(f"{state}-{Shape.FRAGMENT.value}", weak=True)
    tag = f"{state}-{shape.value}"
    return varied(unless_known(tag, lambda: write_shape(shape, data, page, fragment, context)))


def unless_known(state: str, write: Callable[[], Response]) -> Response:
    """Return the answer of ``write``, or 304 if the client already has the answer that ``state`` names."""
    known = current_request().if_none_match.contains_weak(state)
    answer = Response(status=HTTPStatus.NOT_MODIFIED) if known else write()
    # The tag is weak because compression changes the bytes of the same answer.
    answer.set_etag(state, weak=True)
    return answer


def write_shape(shape: Shape, data: object, page: str, fragment: str, context: dict[str, object]) -> Response:
    """Write an answer in a shape."""
    if shape is Shape.JSON:
        return jsonify(data)
    return make_response(render_template(fragment if shape is Shape.FRAGMENT else page, **context))


def varied(answer: Response) -> Response:
    """Add the headers that decide the shape to Vary, so that no cache sends a client another's answer."""
    answer.vary.update(("HX-Request", "HX-History-Restore-Request", "Accept"))
    return answer


def init_app(app: Flask) -> None:
    """Keep the order of keys in JSON, and compress text."""
    app.json.sort_keys = False  # type: ignore[attr-defined]  # of Flask's default provider
    app.config["COMPRESS_MIMETYPES"] = ["text/html", "application/json", "application/manifest+json"]
    # The list of all images is read while it is sent.
    app.config["COMPRESS_STREAMS"] = False
    Compress(app)
