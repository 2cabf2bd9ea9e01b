"""PNG (Portable Network Graphics, 3rd edition, W3C): chunks, each with its length and its checksum."""

import struct
from collections.abc import Iterator

from . import exif
from .apng import Animation
from .canvas import Canvas
from .errors import Malformed
from .pieces import Added, Dropped, Kept, Piece
from .png_ancillary import INDEXED, Ancillary, dropped
from .png_chunk import Chunk, read, written
from .source import Source

SIGNATURE = b"\x89PNG\r\n\x1a\n"
ANIMATION = {b"acTL", b"fcTL", b"fdAT"}
CRITICAL = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
# The bit depths of each colour type.
DEPTHS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, INDEXED: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
END = written(b"IEND")


def walk(source: Source, canvas: Canvas) -> Iterator[Piece]:
    """Yield what is kept of a PNG, up to its IEND chunk, which is added where the file ends without it."""
    if source.take(8) != SIGNATURE:
        raise Malformed("it does not begin like a PNG")
    yield Kept(0, 8)
    picture = _Picture(source, canvas)
    pieces = _pieces(source, picture)
    for piece in pieces:
        if not picture.animation.control:
            yield piece
            continue
        # The number of frames comes before the frames, and is known after them.
        rest = [piece, *pieces]
        yield from picture.animation.header()
        yield from picture.animation.without_open_frame(rest)


def _pieces(source: Source, picture: "_Picture") -> Iterator[Piece]:
    """Yield what is kept of the chunks, except for the one with the number of frames."""
    name = b""
    while name != b"IEND":
        source.count_part()
        start = source.position
        try:
            chunk = read(source)
        except Malformed:
            if not picture.complete:
                raise
            # What is behind the pixels is not needed, and the proof decides whether all of them are there.
            picture.canvas.end_missing = True
            if start < source.length:
                yield Dropped(start, source.length, "bytes after the end")
            yield Added(END, "end marker")
            return
        yield from picture.pieces(chunk)
        name = chunk.name
    picture.finish()


class _Picture:
    """The order in which chunks may stand, and the picture that they make."""

    def __init__(self, source: Source, canvas: Canvas) -> None:
        self.canvas = canvas
        self.animation = Animation(canvas)
        self.ancillary = Ancillary(source)
        self.turned = False  # the EXIF that decides has been seen
        self.last = b""

    @property
    def complete(self) -> bool:
        """Tell whether no chunk is missing, except for the last."""
        return self.animation.still and self.animation.complete

    def pieces(self, chunk: Chunk) -> Iterator[Piece]:
        """Check that a chunk may stand here, and yield what is kept of it."""
        name = chunk.name
        if (name == b"IHDR") is bool(self.last):
            raise Malformed("its PNG header is not where it must be")
        if name[:1].isupper() and name not in CRITICAL:
            raise Malformed("it has a PNG chunk that nobody knows")
        if not chunk.intact and name in CRITICAL | ANIMATION:
            raise Malformed("a PNG chunk fails its checksum")
        if name in CRITICAL:
            yield from self._critical(chunk)
        elif name in ANIMATION:
            piece = self.animation.piece(chunk)
            yield from [piece] if piece else []
        elif name == b"eXIf" and chunk.intact and not self.turned:
            yield from self._exif(chunk)
        else:
            yield from self.ancillary.pieces(chunk)
        self.last = name

    def finish(self) -> None:
        """Check at the end that nothing is missing."""
        if not self.animation.still:
            raise Malformed("it holds no picture")
        self.animation.finish()

    def _critical(self, chunk: Chunk) -> Iterator[Piece]:
        """Check one of the chunks that make the picture."""
        if chunk.name == b"IHDR":
            self._header(chunk)
        elif chunk.name == b"PLTE":
            self._palette(chunk)
        elif chunk.name == b"IDAT":
            self._pixels()
        elif chunk.size:
            yield Dropped(chunk.start, chunk.stop, "end marker")
            yield Added(END, "end marker")
            return
        yield Kept(chunk.start, chunk.stop)

    def _exif(self, chunk: Chunk) -> Iterator[Piece]:
        """Keep the orientation in the first EXIF, which browsers obey if it comes before the pixels."""
        self.turned = True
        # Browsers do not read EXIF that begins as in a JPEG.
        block = b"" if chunk.head.startswith(b"Exif\0\0") else chunk.head
        if not self.animation.still:
            self.canvas.orientation = exif.read(block)
        left = exif.replacement(block)
        if left and left == chunk.head:
            yield Kept(chunk.start, chunk.stop)
            return
        yield dropped(chunk)
        if left:
            yield Added(written(b"eXIf", left), "orientation")

    def _header(self, chunk: Chunk) -> None:
        """Read size and kind of the picture."""
        if chunk.size != 13:
            raise Malformed("its PNG header has the wrong length")
        width, height, depth, colour, *methods, interlace = struct.unpack(">IIBBBBB", chunk.head)
        if depth not in DEPTHS.get(colour, ()) or any(methods) or interlace > 1:
            raise Malformed("its PNG header makes no sense")
        if max(width, height) > 0x7FFFFFFF:
            raise Malformed("its PNG header makes no sense")
        self.ancillary.colour, self.ancillary.depth = colour, depth
        self.canvas.declare(width, height)
        self.canvas.add_frame()

    def _palette(self, chunk: Chunk) -> None:
        """Check that the palette comes once, before the pixels, and holds whole colours."""
        if self.ancillary.palette or self.animation.still or chunk.size % 3 or not 3 <= chunk.size <= 768:
            raise Malformed("its PNG palette makes no sense")
        self.ancillary.palette = chunk.size // 3

    def _pixels(self) -> None:
        """Check that the pixels come in one run, behind the palette that they need."""
        if self.ancillary.colour == INDEXED and not self.ancillary.palette:
            raise Malformed("it lacks its PNG palette")
        if self.animation.still and self.last != b"IDAT":
            raise Malformed("its PNG pixels are torn apart")
        self.ancillary.pixels = True
        self.animation.pixels()
