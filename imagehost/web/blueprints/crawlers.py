"""``robots.txt`` and ``security.txt``: addresses for programs, and the contact for security problems."""

from datetime import timedelta

from flask import Blueprint, Response, url_for
from werkzeug.exceptions import NotFound

from imagehost.web import languages, representations
from imagehost.web.binding import current_host, current_request

bp = Blueprint("crawlers", __name__)

PREVIEWERS = (
    "Twitterbot",
    "facebookexternalhit",
    "meta-externalfetcher",
    "LinkedInBot",
    "Pinterestbot",
    "redditbot",
    "Slackbot",
    "Slackbot-LinkExpanding",
    "Slack-ImgProxy",
    "Discordbot",
    "TelegramBot",
    "WhatsApp",
    "SkypeUriPreview",
    "Mastodon",
    "Synapse",
    "Iframely",
    "Embedly",
)
"""Programs that fetch a page when a person shares its link, to show a preview. They build no index."""
PREVIEW_PATHS = ("/$", "/view/", "/images/", "/thumbnails/", "/previews/", "/oembed")
"""The addresses that these programs need for a preview."""
HIDDEN_ENDPOINTS = {
    "viewing.show",
    "listing.index",
    "upload.index",
    "media.image",
    "media.thumbnail",
    "media.preview",
}
"""Pages and pictures that search engines may not list. Of the rest, only the start page is useful to them."""
VALID = timedelta(days=180)


@bp.get("/robots.txt")
def robots() -> Response:
    """Return the addresses that programs may fetch (RFC 9309)."""
    if current_host().settings.allow_indexing:
        return plain("User-agent: *", "Disallow: /api/")
    return plain(
        "# Programs that show previews of shared links",
        *(f"User-agent: {name}" for name in PREVIEWERS),
        *(f"Allow: {path}" for path in PREVIEW_PATHS),
        "Disallow: /",
        "",
        "User-agent: *",
        "Allow: /$",
        "Disallow: /",
    )


@bp.get("/.well-known/security.txt")
def security() -> Response:
    """Return where to report security problems (RFC 9116), if ``SECURITY_CONTACT`` is set."""
    host = current_host()
    settings = host.settings
    if settings.security_contact is None:
        raise NotFound
    expires = (host.clock() + VALID).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [
        f"Contact: {settings.security_contact}",
        f"Expires: {representations.timestamp(expires)}",
        f"Preferred-Languages: {', '.join(languages.LANGUAGES)}",
    ]
    if settings.public_url:
        lines.append(f"Canonical: {representations.absolute(url_for('crawlers.security'))}")
    return plain(*lines)


@bp.after_app_request
def hide(answer: Response) -> Response:
    """Keep pages and images out of search engines. nginx does the same: image.conf.template."""
    if current_request().endpoint in HIDDEN_ENDPOINTS and not current_host().settings.allow_indexing:
        answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def plain(*lines: str) -> Response:
    """Answer with lines of text."""
    return Response("".join(f"{line}\n" for line in lines), mimetype="text/plain")
