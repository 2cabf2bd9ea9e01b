"""The status and the sentence of each error: what was wrong, what is allowed, and what to do.

Sentences are in the language of the request. ``sentence_in_english`` is for logs and for the terminal.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask_babel import LazyString, gettext

from imagehost.domain import errors
from imagehost.domain.errors import ImageHostError
from imagehost.domain.kinds import translatable
from imagehost.web import errors as web_errors
from imagehost.web import languages
from imagehost.web.readable import alternatives, readable_number, readable_period, readable_size, shorten_name

Sentence = Callable[[Any], str]
"""A function that returns the sentence of an error of one class."""
_: Callable[..., str] = gettext


def status(error: ImageHostError) -> HTTPStatus:
    """Return the HTTP status of an error."""
    return TABLE[type(error)][0]


def sentence(error: ImageHostError) -> str:
    """Return the sentence of an error, in the language of the request."""
    text = TABLE[type(error)][1]
    return _(text) if isinstance(text, str) else text(error)


def sentence_in_english(error: ImageHostError) -> str:
    """Return the sentence of an error in English, regardless of the client's language."""
    return languages.in_english_text(LazyString(sentence, error))


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

TABLE: dict[type[ImageHostError], tuple[HTTPStatus, str | Sentence]] = {
    errors.NotFound: (
        HTTPStatus.NOT_FOUND,
        translatable("There is no such image. It may have been deleted."),
    ),
    errors.Forbidden: (
        HTTPStatus.FORBIDDEN,
        translatable("You are not allowed to do this. Ask the person who runs this server."),
    ),
    errors.EmptyFile: (HTTPStatus.BAD_REQUEST, empty_file),
    errors.TooLarge: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_large),
    errors.UnsupportedType: (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, unsupported_type),
    errors.DamagedImage: (HTTPStatus.UNPROCESSABLE_ENTITY, damaged_image),
    errors.TooManyPixels: (HTTPStatus.UNPROCESSABLE_ENTITY, too_many_pixels),
    errors.TooMuchWork: (HTTPStatus.UNPROCESSABLE_ENTITY, too_much_work),
    errors.TooCostly: (HTTPStatus.UNPROCESSABLE_ENTITY, too_costly),
    errors.RateLimited: (HTTPStatus.TOO_MANY_REQUESTS, rate_limited),
    errors.Unavailable: (HTTPStatus.SERVICE_UNAVAILABLE, lambda error: _(UNAVAILABLE[error.parts])),
    errors.StorageFull: (
        HTTPStatus.INSUFFICIENT_STORAGE,
        translatable(
            "This server has no storage space left, so nothing was saved. "
            "Tell the person who runs this server."
        ),
    ),
    web_errors.BadRequest: (HTTPStatus.BAD_REQUEST, lambda error: str(error.message)),
    web_errors.CrossSite: (
        HTTPStatus.FORBIDDEN,
        translatable(
            "This request came from a page of another site and was refused. Send it from a page of this site."
        ),
    ),
    web_errors.WrongHost: (HTTPStatus.MISDIRECTED_REQUEST, wrong_host),
    web_errors.TooSlow: (
        HTTPStatus.REQUEST_TIMEOUT,
        translatable("The picture arrived too slowly. Try again over a faster connection."),
    ),
    web_errors.NoFile: (
        HTTPStatus.BAD_REQUEST,
        translatable("No picture was sent. Send one as multipart/form-data, in a field named file."),
    ),
    web_errors.NotAForm: (
        HTTPStatus.BAD_REQUEST,
        translatable(
            "No picture was sent: the request is not a form. Send the picture as multipart/form-data, "
            "in a field named file; with curl: -F file=@photo.jpg"
        ),
    ),
    web_errors.NoBoundary: (
        HTTPStatus.BAD_REQUEST,
        translatable(
            "The form cannot be read: its Content-Type header has no boundary. Let your program generate "
            "this header; with curl: -F file=@photo.jpg"
        ),
    ),
    web_errors.TooManyFiles: (
        HTTPStatus.BAD_REQUEST,
        translatable("The form contains more than one picture. Send each picture in a separate request."),
    ),
    web_errors.FormTooLarge: (
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        translatable("The form contains too much data in addition to the picture. Send only the picture."),
    ),
    web_errors.NoSuchFormat: (
        HTTPStatus.NOT_IMPLEMENTED,
        translatable("oEmbed responses are available only in JSON. Use format=json."),
    ),
}
"""The status and the sentence of each class of errors."""
