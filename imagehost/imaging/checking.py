"""What gets in: recognised by its first bytes, walked to its end, its header read; no pixel is decoded."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Generic, TypeVar

from imagehost import formats
from imagehost.domain import kinds
from imagehost.imaging import libmagic
from imagehost.imaging.pillow import BROKEN, opened

Stream = TypeVar("Stream", bound=BinaryIO)
Prove = Callable[[str, BinaryIO], int]
"""Decides whether a picture without end marker is whole, and returns how many bytes before that marker, which
the walk added, are no part of it. Raises formats.Malformed if pixels are missing."""

MAGIC_BYTES = 4096
END_MARKER = 2
"""Bytes of the end marker of a JPEG."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What gets in: kinds by their extension, and how large a picture may be."""

    allowed: tuple[str, ...]
    limits: formats.Limits
    keep_metadata: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What a picture is: ``kind`` is its extension, sides are in pixels as stored, before it is turned."""

    kind: str
    width: int
    height: int
    orientation: int


@dataclass(frozen=True, slots=True)
class Admitted(Generic[Stream]):
    """A picture that gets in: its facts, the file to store, and what was done to it."""

    facts: Facts
    stored: Stream
    report: formats.Report


class WrongKind(Exception):
    """The file is no picture of an allowed kind; ``head`` are its first bytes."""

    def __init__(self, head: bytes) -> None:
        super().__init__("it is no picture of an allowed kind")
        self.head = head


def detect(stream: BinaryIO) -> str | None:
    """Recognise the kind of a picture by its first bytes, or return None."""
    stream.seek(0)
    return kinds.detect(stream.read(kinds.HEAD))


def is_picture(stream: BinaryIO) -> bool:
    """Tell by the first bytes whether it is a picture of any kind, also one that we do not know."""
    stream.seek(0)
    head = stream.read(MAGIC_BYTES)
    return kinds.detect(head) is not None or mime_type(head).startswith("image/")


def mime_type(head: bytes) -> str:
    """Ask libmagic, which is loaded only here: the process that renders does without it."""
    libmagic.ensure_loaded()
    # It looks for libmagic while it is imported.
    import magic

    return str(magic.from_buffer(head, mime=True))


def admit(stream: Stream, rules: Rules, new_file: Callable[[], Stream], prove: Prove) -> Admitted[Stream]:
    """Check a picture, repair harmless damage and drop its metadata.

    Pixels are decoded only by ``prove``, and only if the end marker is missing.

    Raises:
        WrongKind, formats.Malformed, formats.PixelLimit, formats.WorkLimit, and what ``prove`` raises.
    """
    stream.seek(0)
    head = stream.read(kinds.HEAD)
    kind = kinds.detect(head)
    if kind is None or kind not in rules.allowed:
        raise WrongKind(head)
    canvas = formats.Canvas(rules.limits)
    # The walk comes before Pillow, being bounded: Pillow keeps a record of every segment it meets.
    # Pillow never sees metadata, also where it is kept: it fails on odd ones that browsers ignore.
    cleaned, report = formats.clean(kind, stream, canvas, new_file)
    stored = cleaned or stream
    if canvas.end_missing:
        # It will be decoded three times at least.
        canvas.add_work(2 * canvas.work)
    if canvas.end_missing and (rest := prove(kind, stored)):
        stored = without_rest(stored, rest, report, new_file)
    if kinds.KINDS[kind].pillow_reads_all:
        check_header(stored, kind)
    facts = Facts(kind, canvas.width, canvas.height, canvas.orientation)
    return Admitted(facts, stream if rules.keep_metadata else stored, report)


def without_rest(file: Stream, rest: int, report: formats.Report, new_file: Callable[[], Stream]) -> Stream:
    """Copy a JPEG without so many bytes before its end marker, which follow its last pixels."""
    size = file.seek(0, 2)
    copy = new_file()
    file.seek(0)
    left = size - END_MARKER - rest
    while left and (block := file.read(min(left, formats.BUFFER))):
        copy.write(block)
        left -= len(block)
    file.seek(size - END_MARKER)
    copy.write(file.read(END_MARKER))
    report.kept -= rest
    report.dropped["bytes after the pixels"] += rest
    return copy


def check_header(stream: BinaryIO, kind: str) -> None:
    """Let Pillow read the header of a cleaned picture. Raises Malformed if it cannot."""
    try:
        with opened(stream, kind):
            pass
    except BROKEN as error:
        raise formats.Malformed("its header cannot be read") from error
