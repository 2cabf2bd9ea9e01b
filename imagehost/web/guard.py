"""Protect visitors: refuse other hosts' names and other sites' changes, set headers that isolate a page."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from flask import Flask, Request, Response, g, request
from flask.sessions import SessionInterface
from flask_babel import lazy_gettext as _
from werkzeug.middleware.proxy_fix import ProxyFix

from imagehost.domain.errors import BadRequest, CrossSite, WrongHost
from imagehost.domain.host_names import Hosts, host_of, name_of
from imagehost.domain.upload_errors import TooLarge
from imagehost.extensions import settings
from imagehost.web.header_limits import refuse_unreadable

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

HEADERS = {
    # What changes is asked for again each time; images and thumbnails say otherwise.
    "Cache-Control": "no-cache",
    "Content-Security-Policy": PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: with it browsers send 'Origin: null' from our own forms too.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


ANY_NAME = {"/healthz", "/readyz"}
"""Addresses for health checks, which may not know a name of the host."""
OTHER_NAME = "imagehost.other_name"


class NameCheck:
    """Lets a request in if the host answers to every name in it.

    Otherwise it gives the request a harmless name and has it refused: Flask fails on some invalid names.
    """

    def __init__(self, app: "WSGIApplication", refusing: "WSGIApplication", hosts: Hosts) -> None:
        self.app, self.refusing, self.hosts = app, refusing, hosts

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Pass a request on."""
        other = next((host for host in names_in(environ) if not self.hosts.include(host)), None)
        if other is None:
            return self.app(environ, start_response)
        environ["HTTP_HOST"] = "localhost"
        if environ.get("PATH_INFO") in ANY_NAME:
            return self.app(environ, start_response)
        environ[OTHER_NAME] = other
        return self.refusing(environ, start_response)


def names_in(environ: "WSGIEnvironment") -> Iterator[str]:
    """Return the hosts that a request names: in Host, a trusted proxy's X-Forwarded-Host, and its target."""
    # The Host header before a proxy's value replaced it: a page can send X-Forwarded-Host, but not Host.
    before = environ.get("werkzeug.proxy_fix.orig", {}).get("HTTP_HOST")
    named = (environ.get("HTTP_HOST"), before, host_of(environ.get("RAW_URI", "")) or None)
    return (host for host in named if host is not None)


def refuse_other_names() -> None:
    """Refuse a request by a name that this host does not answer to (RFC 9110, section 15.5.20)."""
    other = request.environ.get(OTHER_NAME)
    if other is None:
        return
    name = name_of(other)
    if not name:
        raise BadRequest(_("The Host header cannot be read. Send the name that this host is reached by."))
    raise WrongHost(name)


def refuse_cross_site() -> None:
    """Refuse changes that a page of another site asks a visitor's browser for.

    Browsers tell by Sec-Fetch-Site (W3C Fetch Metadata), on plain-http hosts by Origin only (RFC 6454);
    programs send neither.
    """
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site is not None:
        allowed = site in {"same-origin", "none"}
    else:
        allowed = origin is None or origin.lower() in {own_origin(), settings.public_url}
    if not allowed:
        raise CrossSite


def own_origin() -> str:
    """Return the scheme and host of this request as a browser writes them in Origin: in ASCII."""
    return f"{request.scheme}://{request.host}".lower()


def refuse_too_large() -> None:
    """Refuse by the declared length, before the body is read, also where nothing would read it."""
    if (request.content_length or 0) > (request.max_content_length or 0):
        raise TooLarge(settings.max_file_size)


def add_headers(answer: Response) -> Response:
    """Add the headers that an answer did not set for itself."""
    own = {name.lower() for name, _ in answer.headers}
    answer.headers.extend((name, value) for name, value in HEADERS.items() if name.lower() not in own)
    answer.headers["X-Request-ID"] = g.request_id
    return answer


class NoSessions(SessionInterface):
    """No cookie is read, set or signed: nothing here depends on who asks."""

    def open_session(self, app: Flask, request: Request) -> None:
        """Open none."""


def init_app(app: Flask) -> None:
    """Watch over every request and answer."""
    chosen = app.extensions["imagehost.settings"]
    hosts = Hosts(chosen.public_url, chosen.allowed_hosts)
    # Refused requests skip the static files, which are answered before Flask.
    app.wsgi_app = NameCheck(app.wsgi_app, partial(Flask.wsgi_app, app), hosts)  # type: ignore[method-assign]  # as Flask documents
    proxies = chosen.trusted_proxies
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]  # as above
    app.session_interface = NoSessions()
    app.before_request(refuse_unreadable)
    app.before_request(refuse_other_names)
    app.before_request(refuse_cross_site)
    app.before_request(refuse_too_large)
    app.after_request(add_headers)
