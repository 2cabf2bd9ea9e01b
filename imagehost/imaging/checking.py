"""Check a file by its first bytes, its structure and its header, without decoding pixels."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Generic, TypeVar

from imagehost import formats
from imagehost.domain import kinds
from imagehost.imaging import libmagic
from imagehost.imaging.pillow import PILLOW_ERRORS, open_picture

Stream = TypeVar("Stream", bound=BinaryIO)
Prove = Callable[[str, BinaryIO], int]
"""A function that decides whether a picture without end marker is complete. It returns the number of bytes
before the end marker, which the walk added, that do not belong to the picture. Raises formats.Malformed if
pixels are missing."""

MAGIC_BYTES = 4096
END_MARKER = 2
"""The size of the end marker of a JPEG, in bytes."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules for admission: allowed kinds by their extension, size limits, and whether metadata is kept."""

    allowed: tuple[str, ...]
    limits: formats.Limits
    keep_metadata: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts about a picture: ``kind`` is its extension; the sides are in pixels, before rotation."""

    kind: str
    width: int
    height: int
    orientation: int


@dataclass(frozen=True, slots=True)
class Admitted(Generic[Stream]):
    """An admitted picture: its facts, the file to store, and the report of the changes."""

    facts: Facts
    stored: Stream
    report: formats.CleaningReport


class WrongKind(Exception):
    """The file is not a picture of an allowed kind; ``head`` contains its first bytes."""

    def __init__(self, head: bytes) -> None:
        super().__init__("it is not a picture of an allowed kind")
        self.head = head


def detect_kind(stream: BinaryIO) -> str | None:
    """Return the kind of a picture by its first bytes, or None if it is unknown."""
    stream.seek(0)
    return kinds.kind_of_bytes(stream.read(kinds.HEAD_SIZE))


def is_picture(stream: BinaryIO) -> bool:
    """Tell whether the first bytes are those of a picture, even of a kind that imagehost does not know."""
    stream.seek(0)
    head = stream.read(MAGIC_BYTES)
    return kinds.kind_of_bytes(head) is not None or mime_type(head).startswith("image/")


def mime_type(head: bytes) -> str:
    """Return the MIME type by libmagic, which is loaded only here: rendering processes do not need it."""
    libmagic.ensure_loaded()
    # This module loads libmagic during its import.
    import magic

    return str(magic.from_buffer(head, mime=True))


def admit(stream: Stream, rules: Rules, new_file: Callable[[], Stream], prove: Prove) -> Admitted[Stream]:
    """Check a picture, repair harmless damage and drop its metadata.

    Pixels are decoded only by ``prove``, and only if the end marker is missing.

    Raises:
        WrongKind, formats.Malformed, formats.PixelLimit, formats.WorkLimit, and the errors of ``prove``.
    """
    stream.seek(0)
    head = stream.read(kinds.HEAD_SIZE)
    kind = kinds.kind_of_bytes(head)
    if kind is None or kind not in rules.allowed:
        raise WrongKind(head)
    canvas = formats.Canvas(rules.limits)
    # The walk comes before Pillow, because its memory is bounded: Pillow stores a record of every segment.
    # Pillow reads the file without metadata, even if metadata is stored: it fails on unusual metadata that
    # browsers ignore.
    cleaned, report = formats.clean_picture(kind, stream, canvas, new_file)
    stored = cleaned or stream
    if canvas.end_missing:
        # The picture will be decoded at least three times.
        canvas.add_work(2 * canvas.work)
    if canvas.end_missing and (rest := prove(kind, stored)):
        stored = without_rest(stored, rest, report, new_file)
    if kinds.KINDS[kind].pillow_reads_all:
        check_header(stored, kind)
    facts = Facts(kind, canvas.width, canvas.height, canvas.orientation)
    return Admitted(facts, stream if rules.keep_metadata else stored, report)


def without_rest(
    file: Stream, rest: int, report: formats.CleaningReport, new_file: Callable[[], Stream]
) -> Stream:
    """Copy a JPEG without the ``rest`` bytes between its last pixels and its end marker."""
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
        with open_picture(stream, kind):
            pass
    except PILLOW_ERRORS as error:
        raise formats.Malformed("its header cannot be read") from error
