"""AV1 (AV1 Bitstream & Decoding Process Specification, 5.3 to 5.5): pictures as rows of units."""

from collections.abc import Iterator
from typing import NamedTuple

from .boxes import Span
from .errors import Malformed
from .source import Source

SEQUENCE, FRAME_HEADER, METADATA, FRAME = 1, 3, 5, 6
# Sequence, temporal delimiter, frame header, tiles, metadata, frame, frame header again, list of tiles.
USED = set(range(1, 9))
# Metadata of a unit that change what is seen: brightness, mastering display, layers, and HDR10+ (ITU-T T.35).
SHOWN_METADATA = set(range(1, 5))
MOST_HEAD = 512
"""Bytes of a unit that are read at most: its header, its length, and what tells the size of the pictures."""


class Content:
    """The data of one item or sample, which may lie in parts of the file."""

    def __init__(self, source: Source, spans: list[Span]) -> None:
        self.source = source
        self.spans = spans
        self.used = spans
        """Where that lies which decoders use: all of it, until the units are known."""
        self.length = sum(stop - start for start, stop in spans)

    def inside(self, start: int, stop: int) -> Iterator[Span]:
        """Tell where bytes of the data are in the file."""
        at = 0
        for first, last in self.spans:
            begin, end = max(start, at), min(stop, at + last - first)
            if begin < end:
                yield first + begin - at, first + end - at
            at += last - first

    def take(self, start: int, size: int) -> bytes:
        """Read a few bytes of the data, or fewer at their end."""
        found = b""
        for first, last in self.inside(start, start + size):
            self.source.seek(first)
            found += self.source.take(last - first)
        return found


class Unit(NamedTuple):
    """An open bitstream unit: its type, where it and its payload are in the data, how the payload begins."""

    kind: int
    start: int
    payload: int
    stop: int
    head: bytes


class Bits:
    """Numbers of any count of bits."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        """Read a number of so many bits."""
        self._left -= count
        if self._left < 0:
            raise Malformed("its AV1 data make no sense")
        return self._value >> self._left & (1 << count) - 1

    def exponential(self) -> int:
        """Read a number that begins with as many zeros as it has bits behind the first."""
        zeros = 0
        while not self.take(1):
            zeros += 1
        return (1 << min(zeros, 32)) - 1 + self.take(zeros)


def examine(content: Content, *, first: bool) -> tuple[int, int]:
    """Walk the units of one picture, and return the largest size that they tell, or 0 × 0.

    Decoders ignore padding and units of unknown types: ``content.used`` leaves the data of these out.

    Args:
        content: the data.
        first: whether nothing came before, so that a decoder needs to be told the size here.
    """
    used: list[Span] = []
    size, frames = (0, 0), 0
    for unit in _units(content):
        frames += unit.kind in {FRAME, FRAME_HEADER}
        used += content.inside(unit.start, unit.stop if _is_used(unit) else unit.payload)
        if unit.kind == SEQUENCE:
            size = max(size, sequence_size(unit.head), key=lambda sides: sides[0] * sides[1])
    if not frames or (first and not all(size)):
        raise Malformed("it holds no picture")
    content.used = used
    return size


def _is_used(unit: Unit) -> bool:
    if unit.kind == METADATA:
        return unit.head[:1] != b"" and unit.head[0] in SHOWN_METADATA
    return unit.kind in USED


def _units(content: Content) -> Iterator[Unit]:
    """Step from unit to unit, exactly to the end."""
    at = 0
    while at < content.length:
        content.source.count_part()
        head = content.take(at, MOST_HEAD)
        if head[0] & 0x80:
            raise Malformed("its AV1 data make no sense")
        skipped = 2 if head[0] & 4 else 1
        size = content.length - at - skipped
        if head[0] & 2:
            size, digits = _length(head[skipped:])
            skipped += digits
        stop = at + skipped + size
        if size < 0 or stop > content.length:
            raise Malformed("it ends too early")
        yield Unit(head[0] >> 3 & 15, at, at + skipped, stop, head[skipped : skipped + size])
        at = stop


def _length(data: bytes) -> tuple[int, int]:
    """Read a number of seven bits a byte, and tell of how many bytes."""
    value = 0
    for index, byte in enumerate(data[:8]):
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value, index + 1
    raise Malformed("its AV1 data make no sense")


def sequence_size(header: bytes) -> tuple[int, int]:
    """Read the largest size of the frames out of a sequence header."""
    bits = Bits(header)
    bits.take(4)
    if bits.take(1):  # one still picture, without times
        bits.take(5)
    else:
        _step_over_times(bits)
    wide, high = bits.take(4) + 1, bits.take(4) + 1
    return bits.take(wide) + 1, bits.take(high) + 1


def _step_over_times(bits: Bits) -> None:
    """Step over what sequences of more than one picture say of their times."""
    delay = 0
    if bits.take(1):
        bits.take(64)
        if bits.take(1):
            bits.exponential()
        if bits.take(1):
            delay = bits.take(5) + 1
            bits.take(32 + 5 + 5)
    displayed = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:
            bits.take(1)
        if delay and bits.take(1):
            bits.take(2 * delay + 1)
        if displayed and bits.take(1):
            bits.take(4)
