"""The boxes of which ISO/IEC 14496-12 files are made: a length, a name, and data or further boxes."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from .errors import Malformed
from .source import Source

# What is read as a whole: tables of places, of which no picture has as many.
MAX_TABLE = 1024 * 1024


class Box(NamedTuple):
    """A box's name, where it starts, where its data are and where it ends."""

    name: bytes
    start: int
    data: int
    stop: int


class Edit(NamedTuple):
    """Bytes that are overwritten: by a head, and by zeros behind it."""

    start: int
    stop: int
    head: bytes


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


def table(source: Source, box: Box, most: int = MAX_TABLE) -> "Table":
    """Read the data of a box as numbers."""
    size = box.stop - box.data
    if size > most:
        raise Malformed("an AVIF table is too large")
    source.seek(box.data)
    return Table(source.take(size))


def erase(source: Source, box: Box) -> Edit:
    """Turn a box into empty space of the same length."""
    source.seek(box.start + 8)
    return Edit(box.start + 4, box.stop, b"free" + source.take(box.data - box.start - 8))


class Table:
    """Numbers, big-endian, read one after another."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self, size: int) -> int:
        """Read a number of so many bytes."""
        return int.from_bytes(self.take(size), "big")

    def take(self, size: int) -> bytes:
        """Read so many bytes."""
        self._at += size
        if self._at > len(self._data):
            raise Malformed("an AVIF table is too short")
        return self._data[self._at - size : self._at]

    def version(self) -> int:
        """Read the version with which many boxes begin, and step over their flags."""
        return self.number(4) >> 24
