"""AV1 (AV1 Bitstream & Decoding Process Specification, 5.3 to 5.5): pictures as sequences of units."""

from collections.abc import Iterator
from typing import NamedTuple

from .boxes import Span
from .errors import Malformed
from .source import Source

SEQUENCE_HEADER, FRAME_HEADER, METADATA, FRAME = 1, 3, 5, 6
# Types of units that decoders use: sequence header, temporal delimiter, frame header, tiles, metadata, frame,
# repeated frame header, list of tiles.
USED = set(range(1, 9))
# Types of metadata that change the picture: brightness, mastering display, layers, and HDR10+ (ITU-T T.35).
SHOWN_METADATA = set(range(1, 5))
MOST_HEAD = 512
"""The maximum number of bytes that are read of a unit: its header, its length, and the picture size."""


class Content:
    """The data of one item or sample, which may consist of several spans of the file."""

    def __init__(self, source: Source, spans: list[Span]) -> None:
        self.source = source
        self.spans = spans
        self.used = spans
        """The spans that decoders use: all spans, until examine() has read the units."""
        self.length = sum(stop - start for start, stop in spans)

    def inside(self, start: int, stop: int) -> Iterator[Span]:
        """Yield the spans of the file that hold the bytes from ``start`` to ``stop`` of the data."""
        at = 0
        for first, last in self.spans:
            begin, end = max(start, at), min(stop, at + last - first)
            if begin < end:
                yield first + begin - at, first + end - at
            at += last - first

    def take(self, start: int, size: int) -> bytes:
        """Read ``size`` bytes of the data from ``start`` on, or fewer if the data ends before."""
        found = b""
        for first, last in self.inside(start, start + size):
            self.source.seek(first)
            found += self.source.take(last - first)
        return found


class Unit(NamedTuple):
    """An open bitstream unit: its type, its offsets in the data, and the first bytes of its payload."""

    kind: int
    start: int
    payload: int
    stop: int
    head: bytes


class Bits:
    """A reader of numbers with any count of bits, the most significant bit first."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        """Read an unsigned number of ``count`` bits. Raises Malformed."""
        self._left -= count
        if self._left < 0:
            raise Malformed("its AV1 data is invalid")
        return self._value >> self._left & (1 << count) - 1

    def exponential(self) -> int:
        """Read a variable-length number (uvlc): zeros, a one, and as many bits as there are zeros."""
        zeros = 0
        while not self.take(1):
            zeros += 1
        return (1 << min(zeros, 32)) - 1 + self.take(zeros)


def examine(content: Content, *, first: bool) -> tuple[int, int]:
    """Walk the units of one picture, and return the largest size that they declare.

    Decoders ignore padding and units of unknown types, so ``content.used`` leaves out their payload.

    Args:
        content: the data of the picture.
        first: whether it is the first picture for its decoder, which then needs the size.

    Returns:
        Width and height in pixels, or (0, 0) if no unit declares a size.

    Raises:
        Malformed: if it contains no frame, no size (of a first picture), or invalid units.
    """
    used: list[Span] = []
    size, frames = (0, 0), 0
    for unit in _units(content):
        frames += unit.kind in {FRAME, FRAME_HEADER}
        used += content.inside(unit.start, unit.stop if _is_used(unit) else unit.payload)
        if unit.kind == SEQUENCE_HEADER:
            size = max(size, sequence_size(unit.head), key=lambda sides: sides[0] * sides[1])
    if not frames or (first and not all(size)):
        raise Malformed("it contains no picture")
    content.used = used
    return size


def _is_used(unit: Unit) -> bool:
    if unit.kind == METADATA:
        return unit.head[:1] != b"" and unit.head[0] in SHOWN_METADATA
    return unit.kind in USED


def _units(content: Content) -> Iterator[Unit]:
    """Yield the units of the data; the last one must end exactly at the end of the data."""
    at = 0
    while at < content.length:
        content.source.count_part()
        head = content.take(at, MOST_HEAD)
        if head[0] & 0x80:
            raise Malformed("its AV1 data is invalid")
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
    """Read a number with seven bits per byte (leb128); return it and its length in bytes."""
    value = 0
    for index, byte in enumerate(data[:8]):
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value, index + 1
    raise Malformed("its AV1 data is invalid")


def sequence_size(header: bytes) -> tuple[int, int]:
    """Return the largest frame size of a sequence header (5.5): width and height in pixels."""
    bits = Bits(header)
    bits.take(4)
    if bits.take(1):  # the header of one still picture, without timing
        bits.take(5)
    else:
        _step_over_times(bits)
    wide, high = bits.take(4) + 1, bits.take(4) + 1
    return bits.take(wide) + 1, bits.take(high) + 1


def _step_over_times(bits: Bits) -> None:
    """Skip the timing fields, which only sequences of several pictures have."""
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
