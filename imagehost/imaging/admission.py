"""What gets in: told by its first bytes, walked to its end, its header read; no pixel is decoded."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, TypeVar

from imagehost import formats, libmagic
from imagehost.errors import DamagedImage, TooManyPixels, UnsupportedType
from imagehost.imaging.pillow import BROKEN, opened, orientation
from imagehost.kinds import DETECTED

libmagic.ensure_loaded()
import magic  # noqa: E402  # it looks for libmagic while it is imported

Stream = TypeVar("Stream", bound=BinaryIO)

MAGIC_BYTES = 4096
DETECTOR = magic.Magic(mime=True)


@dataclass(frozen=True, slots=True)
class Rules:
    """What gets in: types by extension, pixels of all frames together."""

    allowed: tuple[str, ...]
    max_pixels: int
    keep_metadata: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What a picture is: ``kind`` is its extension, sides are in pixels as stored, before it is turned."""

    kind: str
    width: int
    height: int
    orientation: int


def detect(stream: BinaryIO) -> str | None:
    """Tell the kind of a picture by its first bytes; None where it is none that we know."""
    stream.seek(0)
    return DETECTED.get(DETECTOR.from_buffer(stream.read(MAGIC_BYTES)))


def is_picture(stream: BinaryIO) -> bool:
    """Tell by the first bytes whether it is a picture of any kind, also one that we do not know."""
    stream.seek(0)
    return DETECTOR.from_buffer(stream.read(MAGIC_BYTES)).startswith("image/")


def admit(stream: Stream, name: str, rules: Rules, new_file: Callable[[], Stream]) -> tuple[Facts, Stream]:
    """Check a picture and drop its metadata; give its facts and what to store: ``stream``, or a new file.

    No pixel is decoded. ``name`` is for messages. Raises UnsupportedType, DamagedImage, TooManyPixels.
    """
    kind = detect(stream)
    if kind not in rules.allowed:
        raise UnsupportedType(name, rules.allowed)
    canvas = formats.Canvas(rules.max_pixels)
    try:
        # The walk comes before Pillow, being bounded: Pillow keeps a record of every segment it meets.
        # Also where metadata are kept, Pillow sees none: it fails on odd ones, which browsers pass over.
        cleaned = formats.clean(kind, stream, canvas, new_file) or stream
        facts = read_header(cleaned, kind)
    except formats.PixelLimit as error:
        raise TooManyPixels(name, error.pixels, error.limit) from error
    except formats.Malformed as error:
        raise DamagedImage(name, str(error)) from error
    return facts, stream if rules.keep_metadata else cleaned


def read_header(stream: BinaryIO, kind: str) -> Facts:
    """Let Pillow read the header of a cleaned picture. Raises Malformed where it cannot."""
    try:
        with opened(stream, kind) as image:
            return Facts(kind, *image.size, orientation(image, kind))
    except BROKEN as error:
        raise formats.Malformed("its header cannot be read") from error
