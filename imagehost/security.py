"""What protects visitors: refusal of other sites' changes, and the headers that keep a page to itself."""

from flask import Flask, Request, Response, g, request
from flask.sessions import SessionInterface
from flask_babel import lazy_gettext as _
from werkzeug.middleware.proxy_fix import ProxyFix

from imagehost.errors import BadRequest, CrossSite, TooLarge
from imagehost.extensions import settings
from imagehost.header_limits import refuse_unreadable

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
        allowed = origin is None or origin.lower() in {
            request.host_url.rstrip("/").lower(),
            settings.public_url,
        }
    if not allowed:
        raise CrossSite


def refuse_unnamed_host() -> None:
    """Refuse a Host header that is none: our links would lead nowhere (RFC 9112, section 3.2)."""
    if not request.host:
        raise BadRequest(_("The Host header cannot be read. Send the name that this host is reached by."))


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
    proxies = app.extensions["imagehost.settings"].trusted_proxies
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]  # as Flask documents
    app.session_interface = NoSessions()
    app.before_request(refuse_unreadable)
    app.before_request(refuse_unnamed_host)
    app.before_request(refuse_cross_site)
    app.before_request(refuse_too_large)
    app.after_request(add_headers)
