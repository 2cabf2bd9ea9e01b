"""Errors that are reported to a client: a code and facts. ``web.messages`` has the sentence of each.

``str(error)`` is a short English text for logs and tracebacks.
"""

from collections.abc import Sequence

from imagehost.domain.foreign_formats import Foreign


class ImageHostError(Exception):
    """An error that is reported to a client."""

    code = "internal_error"
    retry_after: int | None = None
    """Seconds after which the client may try again."""

    def __str__(self) -> str:
        """Return a short text for logs, in English."""
        return super().__str__() or self.code


class Refused(ImageHostError):
    """A request that cannot be done as it was sent. The host itself works."""


class NotFound(Refused):
    """No image has the name or the id."""

    code = "not_found"

    def __init__(self) -> None:
        super().__init__("no such image")


class Forbidden(Refused):
    """The client is known, but it may not do this."""

    code = "forbidden"


class EmptyFile(Refused):
    """An uploaded file has no bytes."""

    code = "no_file"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} is empty")
        self.name = name


class TooLarge(Refused):
    """An uploaded file has more than ``limit`` bytes."""

    code = "too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"larger than {limit} bytes")
        self.limit = limit


class UnsupportedType(Refused):
    """The bytes are not an image of an allowed type.

    Args:
        name: the original name, or an empty string.
        found: the format of the bytes, if it is known.
        allowed: the kinds that this host allows.
    """

    code = "unsupported_type"

    def __init__(self, name: str, found: Foreign | None, allowed: Sequence[str]) -> None:
        super().__init__(f"{name!r} is {found.what if found else 'not a picture of a known format'}")
        self.name, self.found, self.allowed = name, found, allowed


class DamagedImage(Refused):
    """A picture is truncated or corrupt; ``reason`` is a text of ``formats.Malformed``."""

    code = "damaged_image"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name!r} is damaged: {reason}")
        self.name, self.reason = name, reason


class TooManyPixels(Refused):
    """A picture has more than ``limit`` pixels; with ``animated``, in all its frames together."""

    code = "too_many_pixels"

    def __init__(self, name: str, pixels: int, limit: int, *, animated: bool = False) -> None:
        super().__init__(f"{name!r} has {pixels} pixels, more than {limit}")
        self.name, self.pixels, self.limit, self.animated = name, pixels, limit, animated


class TooMuchWork(Refused):
    """A picture has more than ``limit`` samples in all its scans, so decoding it would take too long."""

    code = "too_much_work"

    def __init__(self, name: str, work: int, limit: int) -> None:
        super().__init__(f"{name!r} has {work} samples, more than {limit}")
        self.name, self.work, self.limit = name, work, limit


class TooCostly(Refused):
    """The decoding of a picture was stopped because it took too much memory or time."""

    code = TooMuchWork.code

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} takes too much memory or time to decode")
        self.name = name


class RateLimited(Refused):
    """A client has sent too many requests.

    Args:
        retry_after: seconds until the client may try again.
        kind: the kind of the requests, for example ``uploads``; empty if it is not known.
        share: the limit: number of requests, number of time units, time unit (120, 1, ``minute``).
    """

    code = "rate_limited"

    def __init__(
        self, retry_after: int, kind: str = "", share: tuple[int, int, str] = (0, 1, "minute")
    ) -> None:
        super().__init__(f"too many {kind or 'requests'}; the client may try again in {retry_after} s")
        self.retry_after, self.kind, self.share = retry_after, kind, share


class Unavailable(ImageHostError):
    """Parts of the host do not answer or are busy. ``parts`` is a key of ``error_sentences.UNAVAILABLE``."""

    code, retry_after = "unavailable", 5

    def __init__(self, *parts: str) -> None:
        verb = "is" if len(parts) == 1 else "are"
        super().__init__(f"The {' and the '.join(parts)} {verb} unavailable.")
        self.parts = parts


class StorageFull(ImageHostError):
    """The host has no space left for an upload."""

    code = "storage_full"

    def __init__(self) -> None:
        super().__init__("The disk is full.")
