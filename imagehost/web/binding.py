"""The request that this thread answers, and the values that other modules need from it.

No other module imports ``flask.request``.
"""

from typing import cast

from flask import Flask, Request, current_app, has_request_context, request

from imagehost.domain.networks import network
from imagehost.domain.policy import ANYBODY, Actor
from imagehost.host import Host

HOST = "imagehost.host"


def current_host() -> Host:
    """Return the host that this application serves."""
    return cast("Host", current_app.extensions[HOST])


def current_actor() -> Actor:
    """Return who sent the request. So far, everybody may do everything."""
    return ANYBODY


def current_request() -> Request:
    """Return the request. Raises RuntimeError outside of a request."""
    return cast("Request", request._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001  # Werkzeug documents it


def is_answering() -> bool:
    """Tell whether this thread answers a request."""
    return has_request_context()


def client_network() -> str:
    """Return what identifies the client: its address, or the network of its address."""
    return network(request.remote_addr or "")


def client_connection() -> int | None:
    """Return the descriptor of the client's connection, or None if gunicorn does not provide it."""
    connection = request.environ.get("gunicorn.socket")
    return None if connection is None else int(connection.fileno())


def own_origin() -> str:
    """Return the scheme and host of the request as a browser writes them in Origin: in ASCII."""
    return f"{request.scheme}://{request.host}".lower()


def init_app(app: Flask, host: Host) -> None:
    """Let the application serve a host."""
    app.extensions[HOST] = host
