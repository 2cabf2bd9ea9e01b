"""What is read of the headers that are lists: parsing them costs more than their length."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Flask, abort, request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MOST = 1024
"""Bytes of such a header, all its fields together."""
NAMES = frozenset(
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
REFUSED = "imagehost.refused"
"""Where the Worker says that a head cannot be read: the status of the answer."""


class HeaderLimits:
    """A WSGI application that hands on the beginnings of these headers."""

    def __init__(self, app: "WSGIApplication") -> None:
        self.app = app

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Cut what is too long."""
        for name in NAMES & environ.keys():
            if len(environ[name]) > MOST:
                environ[name] = beginning(environ[name])
        return self.app(environ, start_response)


def beginning(value: str) -> str:
    """Give the whole elements at the beginning of a list; a comma in quotes is no end of one."""
    kept = value[: MOST + 1].rpartition(",")[0]
    if kept.count('"') % 2:
        kept = kept[: kept.rindex('"')].rpartition(",")[0]
    return kept


def refuse_unreadable() -> None:
    """Answer for the Worker, in the shape that the client asked for."""
    status: HTTPStatus | None = request.environ.get(REFUSED)
    if status:
        abort(status)


def init_app(app: Flask) -> None:
    """Cut headers before anything reads them. To be called after all that wraps the application."""
    app.wsgi_app = HeaderLimits(app.wsgi_app)  # type: ignore[method-assign]  # as Flask documents
