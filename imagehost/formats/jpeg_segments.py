"""The segments of one JPEG (ITU-T T.81, annex B), up to its end marker or else to the end of its pixels."""

import re
import struct
from functools import cached_property
from typing import NamedTuple

from .canvas import Canvas
from .errors import Malformed, TooManyParts
from .jpeg_tables import TABLES
from .source import Source

SOI, EOI, SOS, COM, APP0, APP1, APP2, APP13, APP14, APP15 = (
    *(0xD8, 0xD9, 0xDA, 0xFE),
    *(0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xEF),
)
# Huffman or arithmetic coding, sequential, progressive or lossless. Nothing shows the hierarchical ones.
FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC9, 0xCA, 0xCB}
PROGRESSIVE = {0xC2, 0xCA}
# Encoders write about ten. Each costs a pass over all pixels, in a few bytes.
MAX_SCANS = 100
BLOCK = 64
"""Coefficients of a block."""
MOST_FILL = 64
"""Fill bytes before a missing end marker that are looked for."""
MOST_HELD = 512 * 1024
"""Bytes of segments before the first scan that are held in memory, so that they need not be read again."""
MAX_BITS = 13
"""The most low bits of a coefficient that a scan may leave to later ones."""

# Decoders search for the next marker like this: neither a stuffed FF (00) nor a fill byte (FF).
_MARKER = re.compile(rb"\xff[^\x00\xff]")
# The end of entropy-coded data. Restart markers (D0 to D7) are a part of it; after a reserved one (01 to BF)
# decoders look for the next one.
_END_OF_SCAN = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
_ALONE = {0x01, *range(0xD0, 0xD8)}
"""Markers without a segment: between segments, decoders skip them."""
APPLICATION = {*range(APP0, APP15 + 1), COM}
"""Segments that applications use, and comments."""
_KNOWN = {*FRAMES, *TABLES, *APPLICATION, SOS}


class Segment(NamedTuple):
    """A marker and what belongs to it; entropy-coded data belongs to its scan.

    ``gap`` is where the segment before ended: decoders skip what is between.
    """

    marker: int
    gap: int
    start: int
    stop: int


class Component(NamedTuple):
    """A colour component: its number of samples, and how many bits of each coefficient are still missing."""

    samples: int
    missing: list[int]


class Jpeg:
    """One JPEG of a file: its segments, where it ends, and whether its end marker is there.

    Raises Malformed, PixelLimit or WorkLimit.
    """

    def __init__(self, source: Source, canvas: Canvas) -> None:
        self.source = source
        self.canvas = canvas
        self.segments: list[Segment] = []
        self.scans = 0
        self.ended = False
        self._progressive = False
        self._held: dict[int, bytes] = {}
        self._room = MOST_HELD
        self._components: dict[int, Component] = {}
        self.start = source.position
        # Browsers take a file for a JPEG by three bytes.
        if source.take(3) != bytes((0xFF, SOI, 0xFF)):
            raise Malformed("it does not begin like a JPEG")
        self.stop = self.start + 2
        source.seek(self.stop)
        self._walk()

    @cached_property
    def header(self) -> list[Segment]:
        """The segments before the first scan, of which there is at least the frame header."""
        return self.segments[: next(at for at, each in enumerate(self.segments) if each.marker == SOS)]

    def data(self, segment: Segment) -> bytes:
        """Return what follows the length of a segment."""
        if segment.start in self._held:
            return self._held[segment.start]
        self.source.seek(segment.start + 4)
        return self.source.take(segment.stop - segment.start - 4)

    def is_whole(self) -> bool:
        """Tell whether the scans bring all bits of all coefficients, as they must without an end marker."""
        return bool(self.scans) and not any(
            missing for component in self._components.values() for missing in component.missing
        )

    def _walk(self) -> None:
        """Walk to the end marker; without one, to the end of the last scan if all scans are there."""
        pixels_end = 0
        try:
            while not self.ended:
                self._next()
                if self.segments and self.segments[-1].marker == SOS:
                    pixels_end = self.stop
        except TooManyParts:
            raise
        except Malformed:
            if not self.is_whole():
                raise
            while self.segments[-1].stop > pixels_end:
                self.segments.pop()
            self._end_with_pixels()

    def _end_with_pixels(self) -> None:
        """End with the last scan, without the first bytes of the marker that is missing."""
        scan = self.segments.pop()
        self.source.seek(max(scan.start, scan.stop - MOST_FILL))
        tail = self.source.take(scan.stop - self.source.position)
        self.stop = scan.stop - len(tail) + len(tail.rstrip(b"\xff"))
        self.segments.append(scan._replace(stop=self.stop))

    def _next(self) -> None:
        """Walk over the next marker and its segment."""
        source, gap = self.source, self.stop
        source.count_part()
        source.skip_until(_MARKER, 2)
        start = source.position
        marker = source.take(2)[1]
        if marker in _ALONE:
            return
        if marker == EOI:
            if not self.scans:
                raise Malformed("it holds no picture")
            self.ended = True
        else:
            self._segment(marker, start)
        self.stop = source.position
        self.segments.append(Segment(marker, gap, start, self.stop))

    def _segment(self, marker: int, start: int) -> None:
        """Check a segment, and step over it."""
        if marker not in _KNOWN:
            raise Malformed("it has a JPEG marker out of place")
        (size,) = struct.unpack(">H", self.source.take(2))
        if size < 2 and marker in APPLICATION:
            # Decoders skip no bytes then, and go on.
            return
        if size < 2:
            raise Malformed("a JPEG segment has the wrong length")
        data = self.source.take(size - 2)
        if not self.scans and size <= self._room:
            self._room -= size
            self._held[start] = data
        if marker in FRAMES:
            self._frame(marker, data)
        elif marker == SOS:
            self._scan(data)
        elif marker in TABLES and not TABLES[marker](data):
            raise Malformed("a JPEG segment has the wrong length")

    def _frame(self, marker: int, data: bytes) -> None:
        """Read the size from the frame header, of which there is one."""
        if len(data) < 6 or len(data) != 6 + 3 * data[5]:
            raise Malformed("its JPEG header has the wrong length")
        if self.canvas.frames:
            raise Malformed("it has two JPEG headers")
        height, width = struct.unpack_from(">HH", data, 1)
        self.canvas.declare(width, height)
        self.canvas.add_frame()
        self._progressive = marker in PROGRESSIVE
        factors = {data[at]: (data[at + 1] >> 4, data[at + 1] & 15) for at in range(6, len(data), 3)}
        if len(factors) != data[5] or not all(
            1 <= factor <= 4 for pair in factors.values() for factor in pair
        ):
            raise Malformed("its JPEG header makes no sense")
        widest, tallest = (max(pair[side] for pair in factors.values()) for side in (0, 1))
        for name, (across, down) in factors.items():
            samples = -(-width * across // widest) * -(-height * down // tallest)
            self._components[name] = Component(samples, [1] * BLOCK)

    def _scan(self, data: bytes) -> None:
        """Read the header of a scan and step over its entropy-coded data."""
        if not self.canvas.frames:
            raise Malformed("it has no JPEG header before its pixels")
        if not data or len(data) != 4 + 2 * data[0] or not 1 <= data[0] <= 4:
            raise Malformed("a JPEG segment has the wrong length")
        names = data[1 : 1 + 2 * data[0] : 2]
        if len(set(names)) != len(names) or not set(names) <= set(self._components):
            raise Malformed("its JPEG header makes no sense")
        self.scans += 1
        if self.scans > MAX_SCANS:
            raise TooManyParts("it has too many scans")
        self.canvas.add_work(sum(self._components[name].samples for name in names))
        self._cover(names, *data[-3:])
        try:
            self.source.skip_until(_END_OF_SCAN, 2)
        except Malformed:
            # The file ends here. Whether the scan does too is decided later.
            self.source.seek(self.source.length)

    def _cover(self, names: bytes, first: int, last: int, bits: int) -> None:
        """Note which coefficients a scan brings, without so many of their lowest bits (annex G.1)."""
        above, below = divmod(bits, 16)
        if not self._progressive:
            first, last, below = 0, BLOCK - 1, 0
        elif not self._is_progression(len(names), first, last, above, below):
            raise Malformed("its JPEG header makes no sense")
        for name in names:
            self._components[name].missing[first : last + 1] = [below] * (last + 1 - first)

    def _is_progression(self, components: int, first: int, last: int, above: int, below: int) -> bool:
        """Tell whether decoders take the parameters of a progressive scan."""
        band = last == 0 if first == 0 else first <= last < BLOCK and components == 1
        return band and above in {0, below + 1} and below <= MAX_BITS
