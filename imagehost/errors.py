"""What can go wrong, in the words of the person who reads it.

Each error carries the HTTP status and the code of its answer; ``responses`` gives it its shape. The messages
say what was wrong, what is allowed, and what to do.
"""

from collections.abc import Sequence
from http import HTTPStatus

from imagehost.wording import alternatives, readable_size, shorten


class ImageHostError(Exception):
    """A refusal or a failure that a client is told about."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "internal_error"
    retry_after: int | None = None
    """Seconds after which the client may try again."""


class BadRequest(ImageHostError):
    """A body or a parameter that cannot be read."""

    status, code = HTTPStatus.BAD_REQUEST, "bad_request"


class NoFile(ImageHostError):
    """The form has no part named ``file``, or that part is empty."""

    status, code = HTTPStatus.BAD_REQUEST, "no_file"

    def __init__(self) -> None:
        super().__init__("No picture was sent. Send one as multipart/form-data, in a field named file.")


class EmptyFile(ImageHostError):
    """The part named ``file`` has no bytes."""

    status, code = NoFile.status, NoFile.code

    def __init__(self, name: str) -> None:
        super().__init__(f"{shorten(name) or 'The file'} is empty. Choose a picture.")


class TooManyFiles(ImageHostError):
    """More than one part named ``file``."""

    status, code = HTTPStatus.BAD_REQUEST, "too_many_files"

    def __init__(self) -> None:
        super().__init__("More than one picture was sent. Send each in a request of its own.")


class CrossSite(ImageHostError):
    """A page of another site tried to change something here."""

    status, code = HTTPStatus.FORBIDDEN, "cross_site"

    def __init__(self) -> None:
        super().__init__("This request came from a page of another site and was refused. Send it from here.")


class NotFound(ImageHostError):
    """There is no such image."""

    status, code = HTTPStatus.NOT_FOUND, "not_found"

    def __init__(self) -> None:
        super().__init__("There is no such image. It may have been deleted.")


class TooLarge(ImageHostError):
    """More bytes than ``MAX_FILE_SIZE``."""

    status, code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The picture is too large. The limit is {readable_size(limit)}; make it smaller and try again."
        )


class FormTooLarge(ImageHostError):
    """More or larger parts beside the picture than any form of ours has."""

    status, code = TooLarge.status, TooLarge.code

    def __init__(self) -> None:
        super().__init__("The form has too much beside the picture. Send only that.")


class UnsupportedType(ImageHostError):
    """The bytes are no image of an allowed type."""

    status, code = HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_type"

    def __init__(self, name: str, allowed: Sequence[str]) -> None:
        kinds = alternatives([kind.upper() for kind in allowed])
        super().__init__(f"{shorten(name) or 'The file'} is not a {kinds} image.")


class DamagedImage(ImageHostError):
    """A truncated or corrupt image."""

    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "damaged_image"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f"{shorten(name) or 'The picture'} is damaged: {reason}. Save it anew and try again."
        )


class TooManyPixels(ImageHostError):
    """More pixels than ``MAX_PIXELS``, all frames counted."""

    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "too_many_pixels"

    def __init__(self, name: str, pixels: int, limit: int) -> None:
        super().__init__(
            f"{shorten(name) or 'The picture'} has at least {pixels:,} pixels in all its frames. "
            f"The limit is {limit:,} pixels; make it smaller and try again."
        )


class RateLimited(ImageHostError):
    """One client asked for more than its share."""

    status, code = HTTPStatus.TOO_MANY_REQUESTS, "rate_limited"

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many requests came from your address. Try again in {retry_after} s.")
        self.retry_after = retry_after


class Unavailable(ImageHostError):
    """The database or the storage does not answer."""

    status, code, retry_after = HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", 5

    def __init__(self, *parts: str) -> None:
        verb = "does" if len(parts) == 1 else "do"
        names = " and the ".join(parts)
        super().__init__(f"The {names} {verb} not answer at the moment. Try again in a few seconds.")


class StorageFull(ImageHostError):
    """No room is left for what a client sent."""

    status, code = HTTPStatus.INSUFFICIENT_STORAGE, "storage_full"

    def __init__(self) -> None:
        super().__init__("This host has no room left, and nothing was kept. Tell the person who runs it.")
