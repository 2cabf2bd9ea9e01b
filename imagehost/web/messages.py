"""The status and the sentence of each error: what was wrong, what is allowed, and what to do.

Sentences are in the language of the request. ``sentence_in_english`` is for logs and for the terminal. A
sentence that contains facts is a function in ``error_sentences``.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask_babel import LazyString, gettext

from imagehost.domain import errors
from imagehost.domain.errors import ImageHostError
from imagehost.domain.kinds import translatable
from imagehost.web import error_sentences, languages
from imagehost.web import errors as web_errors

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


TABLE: dict[type[ImageHostError], tuple[HTTPStatus, str | Sentence]] = {
    errors.NotFound: (
        HTTPStatus.NOT_FOUND,
        translatable("There is no such image. It may have been deleted."),
    ),
    errors.Forbidden: (
        HTTPStatus.FORBIDDEN,
        translatable("You are not allowed to do this. Ask the person who runs this server."),
    ),
    errors.EmptyFile: (HTTPStatus.BAD_REQUEST, error_sentences.empty_file),
    errors.TooLarge: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, error_sentences.too_large),
    errors.UnsupportedType: (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, error_sentences.unsupported_type),
    errors.DamagedImage: (HTTPStatus.UNPROCESSABLE_ENTITY, error_sentences.damaged_image),
    errors.TooManyPixels: (HTTPStatus.UNPROCESSABLE_ENTITY, error_sentences.too_many_pixels),
    errors.TooMuchWork: (HTTPStatus.UNPROCESSABLE_ENTITY, error_sentences.too_much_work),
    errors.TooCostly: (HTTPStatus.UNPROCESSABLE_ENTITY, error_sentences.too_costly),
    errors.RateLimited: (HTTPStatus.TOO_MANY_REQUESTS, error_sentences.rate_limited),
    errors.Unavailable: (HTTPStatus.SERVICE_UNAVAILABLE, error_sentences.unavailable),
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
    web_errors.WrongHost: (HTTPStatus.MISDIRECTED_REQUEST, error_sentences.wrong_host),
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
