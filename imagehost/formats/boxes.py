"""The boxes of ISO/IEC 14496-12 files: each has a length, a name, and data or further boxes."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from .errors import Malformed
from .source import BUFFER, Source

Span = tuple[int, int]
"""The start and the end (exclusive) of a range of bytes in the file."""

# Bytes of the largest table that is read. No picture needs a larger one.
MAX_TABLE = 1024 * 1024


class Box(NamedTuple):
    """A box: its name, and the file offsets of its start, its data and its end."""

    name: bytes
    start: int
    data: int
    stop: int


class Edit(NamedTuple):
    """Bytes that are overwritten with ``head`` and then with zeros. ``what`` names them in the report."""

    start: int
    stop: int
    what: str
    head: bytes = b""


def boxes(source: Source, start: int, stop: int) -> Iterator[Box]:
    """Yield the boxes from ``start`` on; the last one must end exactly at ``stop``. Raises Malformed."""
    while start < stop:
        source.count_part()
        box = read_box(source, start)
        if box.stop > stop:
            raise Malformed("an AVIF box has the wrong length")
        yield box
        start = box.stop


def read_box(source: Source, start: int) -> Box:
    """Read the header of a box. The box may end beyond the end of the file. Raises Malformed."""
    source.seek(start)
    size, name = struct.unpack(">I4s", source.take(8))
    if size == 1:
        size = int.from_bytes(source.take(8), "big")
    elif size == 0:
        # The last box of a file may declare no length: it ends with the file.
        size = source.length - start
    if size < source.position - start:
        raise Malformed("an AVIF box has the wrong length")
    return Box(name, start, source.position, start + size)


def content(source: Source, box: Box, most: int = MAX_TABLE) -> bytes:
    """Read the data of a box. Raises Malformed if it has more than ``most`` bytes."""
    size = box.stop - box.data
    if size > most:
        raise Malformed("an AVIF table is too large")
    source.seek(box.data)
    return b"".join(source.take(min(BUFFER, size - at)) for at in range(0, size, BUFFER))


def table(source: Source, box: Box) -> "Table":
    """Read the data of a box as numbers."""
    return Table(content(source, box))


def erase(source: Source, box: Box, what: str = "box") -> Edit:
    """Return the edit that replaces a box with empty space of the same length."""
    source.seek(box.start + 8)
    return Edit(box.start + 4, box.stop, what, b"free" + source.take(box.data - box.start - 8))


def blank(box: Box, what: str, begin: int = 0, size: int | None = None) -> Edit:
    """Return the edit that fills ``size`` bytes of a box's data with zeros, from ``begin`` on.

    Without a size, it fills all data from there on.
    """
    start = min(box.data + begin, box.stop)
    return Edit(start, box.stop if size is None else min(start + size, box.stop), what)


class Table:
    """A reader of big-endian numbers."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self, size: int) -> int:
        """Read an unsigned number of ``size`` bytes."""
        return int.from_bytes(self.take(size), "big")

    def signed(self, size: int) -> int:
        """Read a signed number of ``size`` bytes."""
        return int.from_bytes(self.take(size), "big", signed=True)

    def take(self, size: int) -> bytes:
        """Read ``size`` bytes. Raises Malformed."""
        self._at += size
        if self._at > len(self._data):
            raise Malformed("an AVIF table is too short")
        return self._data[self._at - size : self._at]

    def version(self) -> int:
        """Read the version at the start of the data, and skip the flags."""
        return self.number(4) >> 24

    def left(self) -> int:
        """Return how many bytes have not been read yet."""
        return len(self._data) - self._at
