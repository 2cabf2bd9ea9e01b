"""One answer in three shapes: a page for a browser, a fragment for htmx, JSON for everybody else.

The only reader of ``HX-*`` and ``Accept``.
"""

from collections.abc import Callable
from enum import Enum
from http import HTTPStatus

from flask import Flask, Response, jsonify, make_response, redirect, render_template, request
from flask_compress import Compress
from werkzeug.http import quote_etag

FOR_SCRIPTS = "/api/"
"""Addresses below this path answer in JSON, whatever the client asks for. nginx does the same:
variables.conf.template."""


class Shape(Enum):
    """How a client wants its answer."""

    PAGE = "page"
    FRAGMENT = "fragment"
    JSON = "json"


def wanted() -> Shape:
    """Tell the shape that this request asks for."""
    if request.path.startswith(FOR_SCRIPTS):
        return Shape.JSON
    if request.headers.get("HX-History-Restore-Request") == "true":
        # Sent with HX-Request or without it, and always with an Accept that names nothing.
        return Shape.PAGE
    if request.headers.get("HX-Request") == "true":
        return Shape.FRAGMENT
    return Shape.PAGE if "text/html" in accepted() else Shape.JSON


def is_for_program() -> bool:
    """Tell whether the answer is JSON, for a program and not for a page."""
    return wanted() is Shape.JSON


def accepted() -> set[str]:
    """Return the types that this request accepts by name, without parameters such as charset."""
    return {value.partition(";")[0].strip().lower() for value, quality in request.accept_mimetypes if quality}


def is_for_picture() -> bool:
    """Tell whether the answer is to be shown as a picture, as browsers say of an <img>."""
    types = accepted()
    return "text/html" not in types and any(name.startswith("image/") for name in types)


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
    context["etag"] = quote_etag(f"{state}-{Shape.FRAGMENT.value}", weak=True)
    tag = f"{state}-{shape.value}"
    return varied(unless_known(tag, lambda: write(shape, data, page, fragment, context)))


def unless_known(state: str, write: Callable[[], Response]) -> Response:
    """Return the answer of ``write``, or 304 if the client already has the answer that ``state`` names."""
    known = request.if_none_match.contains_weak(state)
    answer = Response(status=HTTPStatus.NOT_MODIFIED) if known else write()
    # Weak: compression writes the same answer in other bytes.
    answer.set_etag(state, weak=True)
    return answer


def write(shape: Shape, data: object, page: str, fragment: str, context: dict[str, object]) -> Response:
    """Write an answer in a shape."""
    if shape is Shape.JSON:
        return jsonify(data)
    return make_response(render_template(fragment if shape is Shape.FRAGMENT else page, **context))


def varied(answer: Response) -> Response:
    """Say what the shape of an answer depends on, so that no cache gives one client another's."""
    answer.vary.update(("HX-Request", "HX-History-Restore-Request", "Accept"))
    return answer


def init_app(app: Flask) -> None:
    """Let JSON keep its order, and compress what is text."""
    app.json.sort_keys = False  # type: ignore[attr-defined]  # of Flask's default provider
    Compress(app)
