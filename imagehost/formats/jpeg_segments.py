"""The segments of one JPEG (ITU-T T.81, annex B), up to its end marker or the end of its pixels."""

import re
import struct
from functools import cached_property
from typing import NamedTuple

from .canvas import Canvas
from .errors import Malformed, TooManyParts
from .jpeg_frame import FRAMES, Frame
from .jpeg_tables import TABLE_PARSERS
from .source import Source

SOI, EOI, SOS, COM, APP0, APP1, APP2, APP13, APP14, APP15 = (
    *(0xD8, 0xD9, 0xDA, 0xFE),
    *(0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xEF),
)
# Encoders write about ten scans. A scan of a few bytes can make decoders process all pixels once more.
MAX_SCANS = 100
MOST_FILL = 4096
"""The largest number of fill bytes that are removed before a missing end marker."""
MOST_HELD = 512 * 1024
"""The maximum bytes of segments before the first scan that stay in memory, to avoid reading them again."""

# Decoders search for the next marker like this: FF, and then neither 00 (a stuffed FF) nor FF (a fill byte).
_MARKER = re.compile(rb"\xff[^\x00\xff]")
# The end of entropy-coded data. Restart markers (D0 to D7) are a part of the data; after a reserved marker
# (01 to BF), decoders search for the next marker.
_END_OF_SCAN = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
_ALONE = {0x01, *range(0xD0, 0xD8)}
"""Markers without a segment: between segments, decoders skip them."""
APPLICATION_MARKERS = {*range(APP0, APP15 + 1), COM}
"""Segments that applications use, and comments."""
_KNOWN = {*FRAMES, *TABLE_PARSERS, *APPLICATION_MARKERS, SOS}


class Segment(NamedTuple):
    """A marker and its segment; entropy-coded data belongs to the segment of its scan.

    ``gap`` is the end of the previous segment: decoders skip the bytes from there to ``start``.
    """

    marker: int
    gap: int
    start: int
    stop: int


class Jpeg:
    """One JPEG of a file: its segments, its end, and whether it has an end marker.

    Raises Malformed, PixelLimit or WorkLimit.
    """

    def __init__(self, source: Source, canvas: Canvas) -> None:
        self.source = source
        self.canvas = canvas
        self.segments: list[Segment] = []
        self.scans = 0
        self.ended = False
        self._frame: Frame | None = None
        self._held: dict[int, bytes] = {}
        self._room = MOST_HELD
        self.start = source.position
        # Browsers recognise a JPEG by these three bytes.
        if source.take(3) != bytes((0xFF, SOI, 0xFF)):
            raise Malformed("it does not begin like a JPEG")
        self.stop = self.start + 2
        source.seek(self.stop)
        self._walk()

    @cached_property
    def header(self) -> list[Segment]:
        """The segments before the first scan: at least the frame header."""
        return self.segments[: next(at for at, each in enumerate(self.segments) if each.marker == SOS)]

    def data(self, segment: Segment) -> bytes:
        """Return the bytes after the length of a segment."""
        if segment.start in self._held:
            return self._held[segment.start]
        self.source.seek(segment.start + 4)
        return self.source.take(segment.stop - segment.start - 4)

    def is_whole(self) -> bool:
        """Tell whether no scan is missing. A JPEG without end marker is refused otherwise."""
        return self._frame is not None and self.scans > 0 and self._frame.is_whole()

    def end_before(self, position: int) -> None:
        """End the last scan before a trailer: an end marker in the trailer does not end this JPEG.

        Nothing changes if no scan begins before the trailer.

        Args:
            position: the file offset of the trailer.

        Raises:
            Malformed: if pixels of the picture are missing.
        """
        if position <= self.segments[len(self.header)].start:
            return
        while self.segments[-1].marker != SOS or self.segments[-1].start >= position:
            self.segments.pop()
        scan = self.segments.pop()
        self.segments.append(scan._replace(stop=min(scan.stop, position)))
        self.ended = False
        if not self.is_whole():
            raise Malformed("it ends too early")
        self._end_with_pixels()

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
        """End with the last scan, without the FF bytes at its end, which belong to the missing marker."""
        scan = self.segments.pop()
        self.source.seek(max(scan.start, scan.stop - MOST_FILL))
        tail = self.source.take(scan.stop - self.source.position)
        self.stop = scan.stop - len(tail) + len(tail.rstrip(b"\xff"))
        self.segments.append(scan._replace(stop=self.stop))

    def _next(self) -> None:
        """Read the next marker and its segment."""
        source, gap = self.source, self.stop
        source.count_part()
        source.skip_until(_MARKER, 2)
        start = source.position
        marker = source.take(2)[1]
        if marker in _ALONE:
            return
        if marker == EOI:
            if not self.scans:
                raise Malformed("it contains no picture")
            self.ended = True
        else:
            self._segment(marker, start)
        self.stop = source.position
        self.segments.append(Segment(marker, gap, start, self.stop))

    def _segment(self, marker: int, start: int) -> None:
        """Check a segment, and skip it."""
        if marker not in _KNOWN:
            raise Malformed("it contains an unexpected JPEG marker")
        (size,) = struct.unpack(">H", self.source.take(2))
        if size < 2 and marker in APPLICATION_MARKERS:
            # Decoders then skip no bytes, and continue.
            return
        if size < 2:
            raise Malformed("a JPEG segment has the wrong length")
        data = self.source.take(size - 2)
        if not self.scans and size <= self._room:
            self._room -= size
            self._held[start] = data
        if marker in FRAMES:
            self._begin(marker, data)
        elif marker == SOS:
            self._scan(data)
        elif marker in TABLE_PARSERS and not TABLE_PARSERS[marker](data):
            raise Malformed("a JPEG segment has the wrong length")

    def _begin(self, marker: int, data: bytes) -> None:
        """Read the frame header. There must be only one."""
        if self._frame:
            raise Malformed("it has two JPEG headers")
        self._frame = Frame(marker, data)
        self.canvas.declare(self._frame.width, self._frame.height)
        self.canvas.add_frame()

    def _scan(self, data: bytes) -> None:
        """Read the header of a scan and skip its entropy-coded data."""
        if not self._frame:
            raise Malformed("it has no JPEG header before its pixels")
        self.scans += 1
        if self.scans > MAX_SCANS:
            raise TooManyParts("it has too many scans")
        self.canvas.add_work(self._frame.scan(data))
        try:
            self.source.skip_until(_END_OF_SCAN, 2)
        except Malformed:
            # The file ends here. Whether the scan is complete is checked later.
            self.source.seek(self.source.length)
