"""Sentences of errors that contain facts, such as a limit or a file's name. ``messages`` has the other ones.

They are in the language of the request.
"""

from collections.abc import Callable

from flask_babel import gettext

from imagehost.domain import errors
from imagehost.domain.kinds import translatable
from imagehost.web import errors as web_errors
from imagehost.web.readable import alternatives, readable_number, readable_period, readable_size, shorten_name

_: Callable[..., str] = gettext


def empty_file(error: errors.EmptyFile) -> str:
    """Return a sentence with the name of the file, if it has one."""
    return _("%(file)s is empty. Choose a picture.", file=shorten_name(error.name) or _("The file"))


def too_large(error: errors.TooLarge) -> str:
    """Return a sentence with the limit in bytes."""
    return too_large_for(readable_size(error.limit))


def too_large_for(limit: str) -> str:
    """Return a sentence with a limit that is already a text with a unit."""
    return _("The picture is too large. The limit is %(limit)s; make it smaller and try again.", limit=limit)


def unsupported_type(error: errors.UnsupportedType) -> str:
    """Return a sentence with the type of the file, if it is known, and the allowed types."""
    file = shorten_name(error.name) or _("The file")
    kinds = alternatives([kind.upper() for kind in error.allowed])
    if error.found is None:
        return _("%(file)s is not a %(kinds)s image.", file=file, kinds=kinds)
    return _(
        "%(file)s is %(what)s. This server accepts %(kinds)s images. %(advice)s",
        file=file,
        kinds=kinds,
        what=_(error.found.what),
        advice=_(error.found.advice),
    )


def damaged_image(error: errors.DamagedImage) -> str:
    """Return a sentence with the reason why the picture is damaged."""
    return _(
        "%(picture)s is damaged: %(reason)s. Save it again in an image editor and try again.",
        picture=picture(error.name),
        reason=_(error.reason),
    )


def too_many_pixels(error: errors.TooManyPixels) -> str:
    """Return a sentence with the limit of pixels, of one picture or of all frames."""
    facts = {
        "picture": picture(error.name),
        "pixels": readable_number(error.pixels),
        "limit": readable_number(error.limit),
    }
    if error.animated:
        return _(
            "%(picture)s has at least %(pixels)s pixels in all its frames. "
            "The limit is %(limit)s pixels; make it smaller or shorter and try again.",
            **facts,
        )
    return _(
        "%(picture)s has %(pixels)s pixels. The limit is %(limit)s pixels; make it smaller and try again.",
        **facts,
    )


def too_much_work(error: errors.TooMuchWork) -> str:
    """Return a sentence with the limit of samples."""
    return _(
        "%(picture)s has at least %(work)s samples in all its scans. The limit is %(limit)s samples; "
        "make it smaller or save it as a baseline JPEG and try again.",
        picture=picture(error.name),
        work=readable_number(error.work),
        limit=readable_number(error.limit),
    )


def too_costly(error: errors.TooCostly) -> str:
    """Return a sentence about a picture whose decoding was stopped."""
    return _(
        "%(picture)s takes too much memory or time to decode. Make it smaller and try again.",
        picture=picture(error.name),
    )


def picture(name: str) -> str:
    """Return the name of a picture for use in a sentence."""
    return shorten_name(name) or _("The picture")


def rate_limited(error: errors.RateLimited) -> str:
    """Return a sentence with the limit for this kind of request, and when the client may try again."""
    most, number, unit = error.share
    return _(
        RATE_LIMITED.get(error.kind, RATE_LIMITED[""]),
        number=readable_number(most),
        period=readable_period(number, unit),
        seconds=error.retry_after,
    )


def unavailable(error: errors.Unavailable) -> str:
    """Return the sentence for the failing parts of the host."""
    return _(UNAVAILABLE[error.parts])


def wrong_host(error: web_errors.WrongHost) -> str:
    """Return a sentence with the requested host name, and the setting that allows it."""
    return _(
        "This server does not accept requests for %(name)s. Check the address. "
        "If you run this server, add the name to ALLOWED_HOSTS.",
        name=shorten_name(error.name) or _("this host name"),
    )


RATE_LIMITED = {
    "uploads": translatable(
        "Your address has reached the limit for uploads: %(number)s %(period)s. Try again in %(seconds)s s."
    ),
    "deletions": translatable(
        "Your address has reached the limit for deletions: %(number)s %(period)s. Try again in %(seconds)s s."
    ),
    "lists": translatable(
        "Your address has reached the limit for lists: %(number)s %(period)s. Try again in %(seconds)s s."
    ),
    "renderings": translatable(
        "Your address has reached the limit for new thumbnails: %(number)s %(period)s. "
        "Try again in %(seconds)s s."
    ),
    "": translatable("Too many requests came from your address. Try again in %(seconds)s s."),
}
"""Sentences by the kind of request. The last one is for nginx, which does not know the kinds."""

UNAVAILABLE: dict[tuple[str, ...], str] = {
    ("host",): translatable("This server is not available at the moment. Try again in a few seconds."),
    ("database",): translatable("The database does not answer at the moment. Try again in a few seconds."),
    ("storage",): translatable("The storage does not answer at the moment. Try again in a few seconds."),
    ("database", "storage"): translatable(
        "The database and the storage do not answer at the moment. Try again in a few seconds."
    ),
    ("picture check",): translatable("The server is busy checking pictures. Try again in a few seconds."),
    ("thumbnail rendering",): translatable(
        "The server is busy making thumbnails. Try again in a few seconds."
    ),
    ("whole list",): translatable(
        "The server is busy sending the whole list to other clients. Try again in a few seconds, "
        "or request a part of the list with limit=100."
    ),
}
"""Whole sentences by the failing parts of the host: languages have different rules for joining parts."""
