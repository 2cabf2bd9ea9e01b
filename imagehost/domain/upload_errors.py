"""Errors of an upload: its form, its size, and its picture."""

from collections.abc import Callable, Sequence
from http import HTTPStatus

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from imagehost.domain.errors import BadRequest, ImageHostError
from imagehost.domain.foreign_formats import Foreign
from imagehost.web.readable import alternatives, readable_number, readable_size, shorten


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
