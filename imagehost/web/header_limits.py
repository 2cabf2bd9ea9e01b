"""Cut long headers that are lists: parsing them costs more than their length suggests."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Flask, abort

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LONGEST_LIST_HEADER = 1024
"""The number of bytes that such a header may have, all its fields together."""
LIST_HEADERS = frozenset(
    f"HTTP_{name}"
    for name in (
        "ACCEPT",
        "ACCEPT_CHARSET",
        "ACCEPT_ENCODING",
        "ACCEPT_LANGUAGE",
        "IF_MATCH",
        "IF_MODIFIED_SINCE",
        "IF_NONE_MATCH",
        "IF_RANGE",
        "IF_UNMODIFIED_SINCE",
        "RANGE",
    )
)
REFUSED_STATUS = "imagehost.refused"
"""The key in ``environ`` where the Worker stores the status of the answer if it cannot read a head."""


class HeaderLimits:
    """A WSGI application that passes on only the beginnings of these headers."""

    def __init__(self, app: "WSGIApplication") -> None:
        self.app = app

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Cut headers that are too long."""
        for name in LIST_HEADERS & environ.keys():
            if len(environ[name]) > LONGEST_LIST_HEADER:
                environ[name] = beginning(environ[name])
        return self.app(environ, start_response)


def beginning(value: str) -> str:
    """Return the complete elements at the beginning of a list. A comma in quotes does not end an element."""
    kept = value[: LONGEST_LIST_HEADER + 1].rpartition(",")[0]
    if kept.count('"') % 2:
        kept = kept[: kept.rindex('"')].rpartition(",")[0]
    return kept


def check_head(status: HTTPStatus | None) -> None:
    """Refuse a request whose head the Worker cannot read, in the shape that the client asked for.

    ``status`` is the status of the answer, or None if the head can be read.
    """
    if status:
        abort(status)


def init_app(app: Flask) -> None:
    """Cut headers before anything reads them. Call this after everything else that wraps the application."""
    app.wsgi_app = HeaderLimits(app.wsgi_app)  # type: ignore[method-assign]  # as Flask documents
