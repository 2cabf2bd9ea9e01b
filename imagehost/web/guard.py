"""Protect visitors: refuse other host names and changes from other sites, add headers that isolate pages."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from flask import Flask, Request, Response
from flask.sessions import SessionInterface
from flask_babel import lazy_gettext as _
from werkzeug.middleware.proxy_fix import ProxyFix

from imagehost.domain.errors import TooLarge
from imagehost.domain.host_names import Hosts, host_of, name_in_host
from imagehost.settings.definitions import Settings
from imagehost.web import header_limits
from imagehost.web.binding import current_host, current_request, own_origin
from imagehost.web.errors import BadRequest, CrossSite, WrongHost

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

PAGE_HEADERS = {
    # Browsers revalidate a kept answer before each use. Images and thumbnails have their own value.
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
"""Addresses for health checks, which are answered under any name: a check may not know the host's names."""
OTHER_NAME = "imagehost.other_name"


class NameCheck:
    """Passes a request to the application if the host answers to every name in it.

    Otherwise, it replaces the name, because Flask fails on some invalid names, and the request is refused.
    """

    def __init__(self, app: "WSGIApplication", refusing: "WSGIApplication", hosts: Hosts) -> None:
        self.app, self.refusing, self.hosts = app, refusing, hosts

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Pass a request on."""
        other = next((host for host in hosts_in_request(environ) if not self.hosts.include(host)), None)
        if other is None:
            return self.app(environ, start_response)
        environ["HTTP_HOST"] = "localhost"
        if environ.get("PATH_INFO") in ANY_NAME:
            return self.app(environ, start_response)
        environ[OTHER_NAME] = other
        return self.refusing(environ, start_response)


def hosts_in_request(environ: "WSGIEnvironment") -> Iterator[str]:
    """Return the hosts that a request names: in Host, a trusted proxy's X-Forwarded-Host, and its target."""
    # The Host header before a proxy's value replaced it: a page can send X-Forwarded-Host, but not Host.
    before = environ.get("werkzeug.proxy_fix.orig", {}).get("HTTP_HOST")
    named = (environ.get("HTTP_HOST"), before, host_of(environ.get("RAW_URI", "")) or None)
    return (host for host in named if host is not None)


def check_name(other: str | None) -> None:
    """Refuse a request with a name that this host does not answer to (RFC 9110, section 15.5.20).

    ``other`` is that name, or None. Raises WrongHost, BadRequest.
    """
    if other is None:
        return
    name = name_in_host(other)
    if not name:
        raise BadRequest(_("The Host header is not valid. Send the host name of this server in it."))
    raise WrongHost(name)


def check_site(method: str, site: str | None, origin: str | None, own_origins: set[str | None]) -> None:
    """Refuse changes that a page of another site requests through a visitor's browser. Raises CrossSite.

    Browsers send Sec-Fetch-Site (W3C Fetch Metadata). To plain-http hosts they send only Origin (RFC 6454).
    Programs send neither.
    """
    if method in SAFE_METHODS:
        return
    if site is not None:
        allowed = site in {"same-origin", "none"}
    else:
        allowed = origin is None or origin.lower() in own_origins
    if not allowed:
        raise CrossSite


def check_length(declared: int | None, most: int | None, limit: int) -> None:
    """Refuse a request by its declared length, before its body is read, even if no view would read it.

    ``most`` is the limit of a whole request, and ``limit`` that of a picture, in bytes. Raises TooLarge.
    """
    if (declared or 0) > (most or 0):
        raise TooLarge(limit)


def check_request() -> None:
    """Refuse a request that may not reach a view."""
    request, settings = current_request(), current_host().settings
    header_limits.check_head(request.environ.get(header_limits.REFUSED_STATUS))
    check_name(request.environ.get(OTHER_NAME))
    check_site(
        request.method,
        request.headers.get("Sec-Fetch-Site"),
        request.headers.get("Origin"),
        {own_origin(), settings.public_url},
    )
    check_length(request.content_length, request.max_content_length, settings.max_file_size)


def add_headers(answer: Response) -> Response:
    """Add the headers that an answer did not set for itself."""
    own = {name.lower() for name, _ in answer.headers}
    answer.headers.extend((name, value) for name, value in PAGE_HEADERS.items() if name.lower() not in own)
    return answer


class NoSessions(SessionInterface):
    """No cookie is read, set or signed: no answer depends on who sends the request."""

    def open_session(self, app: Flask, request: Request) -> None:
        """Open no session."""


def init_app(app: Flask, settings: Settings) -> None:
    """Check every request, and add headers to every answer."""
    hosts = Hosts(settings.public_url, settings.allowed_hosts)
    # Refused requests skip the static files, which are answered before Flask.
    app.wsgi_app = NameCheck(app.wsgi_app, partial(Flask.wsgi_app, app), hosts)  # type: ignore[method-assign]  # as Flask documents
    proxies = settings.trusted_proxies
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]  # as above
    app.session_interface = NoSessions()
    app.before_request(check_request)
    app.after_request(add_headers)
