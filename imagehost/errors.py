"""What can go wrong, in the words of the person who reads it.

Each error carries the HTTP status and the code of its answer; ``refusals`` tells it. The messages
say what was wrong, what is allowed, and what to do. They are put into words only when they are told: to a
client in its language, to the log in English.
"""

from collections.abc import Callable, Sequence
from http import HTTPStatus

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from imagehost.foreign import Foreign
from imagehost.languages import in_english
from imagehost.wording import alternatives, readable_number, readable_period, readable_size, shorten


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


class TooSlow(ImageHostError):
    """A body that came too slowly."""

    status, code = HTTPStatus.REQUEST_TIMEOUT, "request_timeout"

    def __init__(self) -> None:
        super().__init__(_("The picture arrived too slowly. Try again over a faster connection."))


class NoFile(ImageHostError):
    """The form has no part named ``file``, or that part is empty."""

    status, code = HTTPStatus.BAD_REQUEST, "no_file"

    def __init__(self) -> None:
        super().__init__(_("No picture was sent. Send one as multipart/form-data, in a field named file."))


class NotAForm(ImageHostError):
    """A body that is no form: the bare bytes of a picture, say."""

    status, code = NoFile.status, NoFile.code

    def __init__(self) -> None:
        super().__init__(
            _(
                "No picture was sent: the request is not a form. Send the picture as multipart/form-data, "
                "in a field named file; with curl: -F file=@photo.jpg"
            )
        )


class NoBoundary(BadRequest):
    """A form whose type does not say what its parts are separated by."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "The form cannot be read: its Content-Type has no boundary. Let your program write that "
                "header by itself; with curl: -F file=@photo.jpg"
            )
        )


class EmptyFile(ImageHostError):
    """The part named ``file`` has no bytes."""

    status, code = NoFile.status, NoFile.code

    def __init__(self, name: str) -> None:
        file = shorten(name) or _("The file")
        super().__init__(_("%(file)s is empty. Choose a picture.", file=file))


class TooManyFiles(ImageHostError):
    """More than one part named ``file``."""

    status, code = HTTPStatus.BAD_REQUEST, "too_many_files"

    def __init__(self) -> None:
        super().__init__(_("More than one picture was sent. Send each in a request of its own."))


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


class TooLarge(ImageHostError):
    """More bytes than ``MAX_FILE_SIZE``."""

    status, code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large"

    def __init__(self, limit: int, readable: Callable[[int], str] = readable_size) -> None:
        super().__init__(
            _(
                "The picture is too large. The limit is %(limit)s; make it smaller and try again.",
                limit=LazyString(readable, limit),
            )
        )


class FormTooLarge(ImageHostError):
    """More or larger parts beside the picture than any form of ours has."""

    status, code = TooLarge.status, TooLarge.code

    def __init__(self) -> None:
        super().__init__(_("The form has too much beside the picture. Send only that."))


class UnsupportedType(ImageHostError):
    """The bytes are no image of an allowed type; ``found`` is what they are, if their beginning tells."""

    status, code = HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_type"

    def __init__(self, name: str, found: Foreign | None, allowed: Sequence[str]) -> None:
        facts = {
            "file": shorten(name) or _("The file"),
            "kinds": LazyString(alternatives, [kind.upper() for kind in allowed]),
        }
        super().__init__(
            _("%(file)s is not a %(kinds)s image.", **facts)
            if found is None
            else _(
                "%(file)s is %(what)s. This host takes %(kinds)s images. %(advice)s",
                what=found.what,
                advice=found.advice,
                **facts,
            )
        )


class DamagedImage(ImageHostError):
    """A truncated or corrupt image."""

    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "damaged_image"

    def __init__(self, name: str, reason: str) -> None:
        picture = shorten(name) or _("The picture")
        super().__init__(
            _(
                "%(picture)s is damaged: %(reason)s. Save it again in an image editor and try again.",
                picture=picture,
                reason=_(reason),
            )
        )


class TooManyPixels(ImageHostError):
    """More pixels than ``MAX_PIXELS``, or than ``MAX_ANIMATION_PIXELS`` in all frames."""

    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "too_many_pixels"

    def __init__(self, name: str, pixels: int, limit: int, *, animated: bool = False) -> None:
        facts = {
            "picture": shorten(name) or _("The picture"),
            "pixels": LazyString(readable_number, pixels),
            "limit": LazyString(readable_number, limit),
        }
        still = _(
            "%(picture)s has %(pixels)s pixels. "
            "The limit is %(limit)s pixels; make it smaller and try again.",
            **facts,
        )
        moving = _(
            "%(picture)s has at least %(pixels)s pixels in all its frames. "
            "The limit is %(limit)s pixels; make it smaller or shorter and try again.",
            **facts,
        )
        super().__init__(moving if animated else still)


class TooMuchWork(ImageHostError):
    """A picture that is so made that decoding it would take too long: more samples than ``MAX_WORK``."""

    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "too_much_work"

    def __init__(self, name: str, work: int, limit: int) -> None:
        super().__init__(
            _(
                "%(picture)s has at least %(work)s samples in all its scans. The limit is %(limit)s samples; "
                "make it smaller or save it as a baseline JPEG and try again.",
                picture=shorten(name) or _("The picture"),
                work=LazyString(readable_number, work),
                limit=LazyString(readable_number, limit),
            )
        )


class TooCostly(ImageHostError):
    """A picture whose decoding was ended, since it took more memory or time than there is for one."""

    status, code = TooMuchWork.status, TooMuchWork.code

    def __init__(self, name: str) -> None:
        picture = shorten(name) or _("The picture")
        super().__init__(
            _(
                "%(picture)s takes too much memory or time to decode. Make it smaller and try again.",
                picture=picture,
            )
        )


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
                "Your address has used up its %(number)s uploads %(period)s. Try again in %(seconds)s s.",
                **facts,
            ),
            "deletions": _(
                "Your address has used up its %(number)s deletions %(period)s. Try again in %(seconds)s s.",
                **facts,
            ),
            "lists": _(
                "Your address has used up its %(number)s requests for lists %(period)s. "
                "Try again in %(seconds)s s.",
                **facts,
            ),
            "renderings": _(
                "Your address has used up its %(number)s new thumbnails %(period)s. "
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
