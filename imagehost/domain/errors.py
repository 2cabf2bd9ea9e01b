"""Errors that a client is told about. ``upload_errors`` has those of an upload.

Each error carries the HTTP status and the code of its answer, which ``refusals`` writes. The message says
what was wrong, what is allowed, and what to do. It is translated only when it is written: for a client into
its language, for the log into English.
"""

from http import HTTPStatus

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from imagehost.web.languages import in_english
from imagehost.web.readable import readable_number, readable_period, shorten


class ImageHostError(Exception):
    """A refusal or a failure that a client is told about."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "internal_error"
    retry_after: int | None = None
    """Seconds after which the client may try again."""

    def __init__(self, message: str | LazyString) -> None:
        super().__init__(message)
        self.message = message
        """What the client is told, put into its language when it is written."""

    def __str__(self) -> str:
        """Write the message for logs and tracebacks, in English."""
        return in_english(self.message)


class BadRequest(ImageHostError):
    """A body or a parameter that cannot be read."""

    status, code = HTTPStatus.BAD_REQUEST, "bad_request"


class CrossSite(ImageHostError):
    """A page of another site tried to change something here."""

    status, code = HTTPStatus.FORBIDDEN, "cross_site"

    def __init__(self) -> None:
        super().__init__(
            _("This request came from a page of another site and was refused. Send it from here.")
        )


class WrongHost(ImageHostError):
    """A request by a name that is none of this host's."""

    status, code = HTTPStatus.MISDIRECTED_REQUEST, "wrong_host"

    def __init__(self, name: str = "") -> None:
        super().__init__(
            _(
                "This host does not answer to %(name)s. Check the address. "
                "If you run the host, add the name to ALLOWED_HOSTS.",
                name=shorten(name) or _("this name"),
            )
        )


class NotFound(ImageHostError):
    """There is no such image."""

    status, code = HTTPStatus.NOT_FOUND, "not_found"

    def __init__(self) -> None:
        super().__init__(_("There is no such image. It may have been deleted."))


class RateLimited(ImageHostError):
    """One client asked for more than its share.

    Args:
        retry_after: seconds until it may ask again.
        kind: of which requests; nginx knows none.
        share: so many in so many of a unit of time: 120, 1 and ``minute``.
    """

    status, code = HTTPStatus.TOO_MANY_REQUESTS, "rate_limited"

    def __init__(
        self, retry_after: int, kind: str = "", share: tuple[int, int, str] = (0, 1, "minute")
    ) -> None:
        most, *period = share
        facts = {
            "number": LazyString(readable_number, most),
            "period": LazyString(readable_period, *period),
            "seconds": retry_after,
        }
        sentences = {
            "uploads": _(
                "Your address has reached the limit for uploads: %(number)s %(period)s. "
                "Try again in %(seconds)s s.",
                **facts,
            ),
            "deletions": _(
                "Your address has reached the limit for deletions: %(number)s %(period)s. "
                "Try again in %(seconds)s s.",
                **facts,
            ),
            "lists": _(
                "Your address has reached the limit for lists: %(number)s %(period)s. "
                "Try again in %(seconds)s s.",
                **facts,
            ),
            "renderings": _(
                "Your address has reached the limit for new thumbnails: %(number)s %(period)s. "
                "Try again in %(seconds)s s.",
                **facts,
            ),
        }
        many = _("Too many requests came from your address. Try again in %(seconds)s s.", **facts)
        super().__init__(sentences.get(kind, many))
        self.retry_after = retry_after


class Unavailable(ImageHostError):
    """A part of the host does not answer: ``parts`` is a key of ``SILENT``."""

    status, code, retry_after = HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", 5

    def __init__(self, *parts: str) -> None:
        super().__init__(SILENT[parts])


SILENT = {
    ("host",): _("This host does not answer at the moment. Try again in a few seconds."),
    ("database",): _("The database does not answer at the moment. Try again in a few seconds."),
    ("storage",): _("The storage does not answer at the moment. Try again in a few seconds."),
    ("database", "storage"): _(
        "The database and the storage do not answer at the moment. Try again in a few seconds."
    ),
    ("checking of pictures",): _("The server is busy checking pictures. Try again in a few seconds."),
    ("making of thumbnails",): _("The server is busy making thumbnails. Try again in a few seconds."),
    ("whole list",): _(
        "The server is busy sending the whole list to others. Try again in a few seconds, "
        "or ask for a part of it with limit=100."
    ),
}
"""Whole sentences, since other languages join parts by other rules."""


class StorageFull(ImageHostError):
    """No room is left for what a client sent."""

    status, code = HTTPStatus.INSUFFICIENT_STORAGE, "storage_full"

    def __init__(self) -> None:
        super().__init__(_("This host has no room left, and nothing was kept. Tell the person who runs it."))


class NoSuchFormat(ImageHostError):
    """An oEmbed answer in another format than JSON."""

    status, code = HTTPStatus.NOT_IMPLEMENTED, "not_implemented"

    def __init__(self) -> None:
        super().__init__(_("oEmbed answers are given in JSON only. Ask with format=json."))
