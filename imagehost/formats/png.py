"""PNG (Portable Network Graphics, 3rd edition, W3C): chunks, each with its length and its checksum."""

import re
import struct
import zlib
from collections.abc import Iterator

from . import exif
from .apng import Animation
from .canvas import Canvas
from .errors import Malformed
from .pieces import Added, Dropped, Kept, Piece
from .source import Source

SIGNATURE = b"\x89PNG\r\n\x1a\n"
ANIMATION = {b"acTL", b"fcTL", b"fdAT"}
# What decides pixels, colours, size on paper and animation. No text (tEXt, zTXt, iTXt: there XMP and
# "Raw profile type exif" stand too, which Pillow honours and browsers do not), no tIME, no private chunks.
KEPT = ANIMATION | {
    *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"bKGD", b"sBIT", b"pHYs"),
    *(b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"cICP", b"mDCV", b"cLLI"),
}
KNOWN = KEPT | {b"eXIf"}
CRITICAL = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
# The bit depths of each colour type.
DEPTHS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
INDEXED = 3
HEAD = 64 * 1024

_NAME = re.compile(rb"[A-Za-z]{4}")


def walk(source: Source, canvas: Canvas) -> Iterator[Piece]:
    """Yield what is kept of a PNG, up to the end of its IEND chunk."""
    if source.take(8) != SIGNATURE:
        raise Malformed("it does not begin like a PNG")
    yield Kept(0, 8)
    picture = _Picture(canvas)
    name = b""
    while name != b"IEND":
        start = source.position
        name, head = _chunk(source)
        picture.part(name, head)
        left = exif.replacement(head) if name == b"eXIf" else b""
        if name in KEPT or (left and left == head):
            yield Kept(start, source.position)
            continue
        yield Dropped(start, source.position, name.decode())
        if left:
            yield Added(_written(name, left), "orientation")
    picture.finish()


def _chunk(source: Source) -> tuple[bytes, bytes]:
    """Step over a chunk and check its sum; return its name and the head of its data."""
    source.count_part()
    size, name = struct.unpack(">I4s", source.take(8))
    if size > 0x7FFFFFFF or not _NAME.fullmatch(name):
        raise Malformed("a PNG chunk has a broken header")
    if name == b"IHDR" and size != 13:
        raise Malformed("its PNG header has the wrong length")
    head = source.take(min(size, HEAD))
    checksum = zlib.crc32(head, zlib.crc32(name))
    for block in source.blocks(size - len(head)):
        checksum = zlib.crc32(block, checksum)
    if source.take(4) != checksum.to_bytes(4, "big"):
        raise Malformed("a PNG chunk fails its checksum")
    return name, head


def _written(name: bytes, data: bytes) -> bytes:
    """Write a chunk."""
    return struct.pack(">I4s", len(data), name) + data + zlib.crc32(name + data).to_bytes(4, "big")


class _Picture:
    """The order in which chunks may stand, and the picture that they make."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.animation = Animation(canvas)
        self.seen: set[bytes] = set()
        self.last = b""
        self.indexed = False

    def part(self, name: bytes, head: bytes) -> None:
        """Check that a chunk may stand here."""
        if (name == b"IHDR") is bool(self.last):
            raise Malformed("its PNG header is not where it must be")
        if name[:1].isupper() and name not in CRITICAL:
            raise Malformed("it has a PNG chunk that nobody knows")
        if name == b"IHDR":
            self._header(head)
        elif name == b"eXIf" and name in self.seen:
            # Pillow takes the last, browsers the first.
            raise Malformed("it has two EXIF chunks")
        elif name == b"eXIf" and b"IDAT" not in self.seen:
            self.canvas.orientation = exif.read(head)
        elif name == b"PLTE":
            self._palette(head)
        elif name == b"IDAT":
            self._data()
        elif name == b"IEND" and head:
            raise Malformed("its PNG end marker has the wrong length")
        elif name in ANIMATION:
            self.animation.part(name, head)
        # A file may have any number of private names, which need no memory.
        if name in KNOWN:
            self.seen.add(name)
        self.last = name

    def finish(self) -> None:
        """Check at the end that nothing is missing."""
        if b"IDAT" not in self.seen:
            raise Malformed("it holds no picture")
        self.animation.finish()

    def _header(self, head: bytes) -> None:
        """Read size and kind of the picture."""
        width, height, depth, colour, compression, filtering, interlace = struct.unpack(">IIBBBBB", head)
        if depth not in DEPTHS.get(colour, ()) or compression or filtering or interlace > 1:
            raise Malformed("its PNG header makes no sense")
        if max(width, height) > 0x7FFFFFFF:
            raise Malformed("its PNG header makes no sense")
        self.indexed = colour == INDEXED
        self.canvas.declare(width, height)
        self.canvas.add_frame()

    def _palette(self, head: bytes) -> None:
        """Check that the palette comes once, before the pixels, and holds whole colours."""
        if self.seen & {b"PLTE", b"IDAT"} or len(head) % 3 or not 3 <= len(head) <= 768:
            raise Malformed("its PNG palette makes no sense")

    def _data(self) -> None:
        """Check that the pixels come in one run, behind the palette that they need."""
        if self.indexed and b"PLTE" not in self.seen:
            raise Malformed("it lacks its PNG palette")
        if b"IDAT" in self.seen and self.last != b"IDAT":
            raise Malformed("its PNG pixels are torn apart")
        self.animation.data()
