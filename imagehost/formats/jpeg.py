"""JPEG (ITU-T T.81, annex B): segments with their lengths, and entropy-coded data up to the next marker."""

import re
import struct
from collections.abc import Iterator

from . import exif
from .canvas import Canvas
from .errors import Malformed
from .pieces import Added, Dropped, Kept, Piece
from .source import Source

SOI, EOI, SOS, COM, APP0, APP1, APP2, APP14, APP15 = 0xD8, 0xD9, 0xDA, 0xFE, 0xE0, 0xE1, 0xE2, 0xEE, 0xEF
# Huffman or arithmetic, sequential, progressive or lossless: not the hierarchical ones, which nothing shows.
FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC9, 0xCA, 0xCB}
DHT, DAC, DQT, DNL, DRI = 0xC4, 0xCC, 0xDB, 0xDC, 0xDD
TABLES = {DHT, DAC, DQT, DNL, DRI}
# Encoders write about ten. Each costs a pass over all pixels, in a few bytes.
MAX_SCANS = 100

# Neither a stuffed FF (00), nor a restart (D0 to D7), nor a fill byte (FF).
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_NO_FILL = re.compile(rb"[^\xff]")


def walk(source: Source, canvas: Canvas) -> Iterator[Piece]:
    """Yield what is kept of a JPEG, up to the end marker of its first picture."""
    if source.take(2) != bytes((0xFF, SOI)):
        raise Malformed("it does not begin like a JPEG")
    yield Kept(0, 2)
    picture = _Picture(source, canvas)
    marker = SOI
    while marker != EOI:
        source.count_part()
        start = source.position
        marker = _marker(source)
        yield from picture.part(marker, start)


def _marker(source: Source) -> int:
    """Read a marker, behind any number of fill bytes."""
    if source.take(1) != b"\xff":
        raise Malformed("a JPEG segment has the wrong length")
    source.skip_until(_NO_FILL, 1)
    return source.take(1)[0]


class _Picture:
    """The picture as far as it has been walked."""

    def __init__(self, source: Source, canvas: Canvas) -> None:
        self.source = source
        self.canvas = canvas
        self.scans = 0
        self.oriented = False

    def part(self, marker: int, start: int) -> Iterator[Piece]:
        """Walk what follows a marker; yield what is kept of it."""
        if APP0 <= marker <= APP15 or marker == COM:
            yield from self._application(marker, start, self._segment())
            return
        if marker in FRAMES:
            self._frame(self._segment())
        elif marker == SOS:
            self._scan(self._segment())
        elif marker in TABLES:
            self._table(marker, self._segment())
        elif marker != EOI:
            raise Malformed("it has a JPEG marker out of place")
        elif not self.scans:
            raise Malformed("it holds no picture")
        yield Kept(start, self.source.position)

    def _segment(self) -> bytes:
        """Read a segment behind its length."""
        (size,) = struct.unpack(">H", self.source.take(2))
        if size < 2:
            raise Malformed("a JPEG segment has the wrong length")
        return self.source.take(size - 2)

    def _frame(self, data: bytes) -> None:
        """Read the size from the frame header, of which there is one."""
        if len(data) < 6 or len(data) != 6 + 3 * data[5]:
            raise Malformed("its JPEG header has the wrong length")
        if self.canvas.frames:
            raise Malformed("it has two JPEG headers")
        height, width = struct.unpack_from(">HH", data, 1)
        self.canvas.declare(width, height)
        self.canvas.add_frame()

    def _scan(self, data: bytes) -> None:
        """Step over a scan's entropy-coded data."""
        if not self.canvas.frames:
            raise Malformed("it has no JPEG header before its pixels")
        if not data or len(data) != 4 + 2 * data[0]:
            raise Malformed("a JPEG segment has the wrong length")
        self.scans += 1
        if self.scans > MAX_SCANS:
            raise Malformed("it has too many scans")
        self.source.skip_until(_MARKER, 2)

    def _table(self, marker: int, data: bytes) -> None:
        """Check the tables whose length is fixed."""
        if marker in {DNL, DRI} and len(data) != 2:
            raise Malformed("a JPEG segment has the wrong length")

    def _application(self, marker: int, start: int, data: bytes) -> Iterator[Piece]:
        """Yield what an application segment or a comment leaves behind."""
        # Decoders have settled colours and orientation before the first scan: from there on, all of it goes.
        kept = b"" if self.scans else self._kept(marker, data)
        if kept == data and data:
            yield Kept(start, self.source.position)
            return
        yield Dropped(start, self.source.position, "segment")
        if kept:
            yield Added(struct.pack(">BBH", 0xFF, marker, len(kept) + 2) + kept, "segment")

    def _kept(self, marker: int, data: bytes) -> bytes:
        """Tell what decoders need of an application segment."""
        if marker == APP0 and data.startswith(b"JFIF"):
            if len(data) < 14:
                raise Malformed("its JFIF header is too short")
            # The last two bytes are the size of a thumbnail, which follows them.
            return data if data[12:] == b"\0\0" else data[:12] + b"\0\0"
        if marker == APP1 and data.startswith(b"Exif\0\0") and not self.oriented:
            # Readers agree on the first one only: Pillow joins them all, browsers stop there.
            self.oriented = True
            self.canvas.orientation = exif.read(data[6:])
            left = exif.replacement(data[6:])
            return left and b"Exif\0\0" + left
        if marker == APP2 and data.startswith(b"ICC_PROFILE\0"):
            return data
        # Adobe's tells how the colours are coded: YCbCr or RGB, YCCK or CMYK.
        return data[:12] if marker == APP14 and data.startswith(b"Adobe") else b""
