"""The boxes of which ISO/IEC 14496-12 files are made: a length, a name, and data or further boxes."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from .errors import Malformed
from .source import BUFFER, Source

Span = tuple[int, int]
"""Where bytes of the file start and end."""

# What is read as a whole: tables of places, of which no picture has as many.
MAX_TABLE = 1024 * 1024


class Box(NamedTuple):
    """A box's name, where it starts, where its data are and where it ends."""

    name: bytes
    start: int
    data: int
    stop: int


class Edit(NamedTuple):
    """Bytes that are overwritten: by a head, and by zeros behind it. ``what`` names them in the report."""

    start: int
    stop: int
    what: str
    head: bytes = b""


def boxes(source: Source, start: int, stop: int) -> Iterator[Box]:
    """Step from box to box, exactly to the end."""
    while start < stop:
        source.count_part()
        box = read(source, start)
        if box.stop > stop:
            raise Malformed("an AVIF box has the wrong length")
        yield box
        start = box.stop


def read(source: Source, start: int) -> Box:
    """Read the head of a box, whose end may lie beyond that of the file."""
    source.seek(start)
    size, name = struct.unpack(">I4s", source.take(8))
    if size == 1:
        size = int.from_bytes(source.take(8), "big")
    elif size == 0:
        # Only the last box of a file may leave its length open.
        size = source.length - start
    if size < source.position - start:
        raise Malformed("an AVIF box has the wrong length")
    return Box(name, start, source.position, start + size)


def content(source: Source, box: Box, most: int = MAX_TABLE) -> bytes:
    """Read the data of a box."""
    size = box.stop - box.data
    if size > most:
        raise Malformed("an AVIF table is too large")
    source.seek(box.data)
    return b"".join(source.take(min(BUFFER, size - at)) for at in range(0, size, BUFFER))


def table(source: Source, box: Box) -> "Table":
    """Read the data of a box as numbers."""
    return Table(content(source, box))


def erase(source: Source, box: Box, what: str = "box") -> Edit:
    """Turn a box into empty space of the same length."""
    source.seek(box.start + 8)
    return Edit(box.start + 4, box.stop, what, b"free" + source.take(box.data - box.start - 8))


def blank(box: Box, what: str, begin: int = 0, size: int | None = None) -> Edit:
    """Fill the data of a box with zeros: from a byte of them, and so many, by default to the end."""
    start = min(box.data + begin, box.stop)
    return Edit(start, box.stop if size is None else min(start + size, box.stop), what)


class Table:
    """Numbers, big-endian, read one after another."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self, size: int) -> int:
        """Read a number of so many bytes."""
        return int.from_bytes(self.take(size), "big")

    def signed(self, size: int) -> int:
        """Read a number of so many bytes that may be negative."""
        return int.from_bytes(self.take(size), "big", signed=True)

    def take(self, size: int) -> bytes:
        """Read so many bytes."""
        self._at += size
        if self._at > len(self._data):
            raise Malformed("an AVIF table is too short")
        return self._data[self._at - size : self._at]

    def version(self) -> int:
        """Read the version with which many boxes begin, and step over their flags."""
        return self.number(4) >> 24

    def left(self) -> int:
        """Tell how many bytes were not read yet."""
        return len(self._data) - self._at
