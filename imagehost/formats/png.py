"""PNG (Portable Network Graphics, 3rd edition, W3C): chunks, each with its length and its checksum."""

import struct
from collections.abc import Iterator

from . import exif
from .apng import Animation
from .canvas import Canvas
from .errors import Malformed
from .pieces import Added, Dropped, Kept, Piece
from .png_ancillary import INDEXED, Ancillary, dropped
from .png_chunk import PngChunk, read_chunk, write_chunk
from .source import Source

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
ANIMATION = {b"acTL", b"fcTL", b"fdAT"}
CRITICAL = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
# The bit depths of each colour type.
DEPTHS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, INDEXED: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
END_CHUNK = write_chunk(b"IEND")


def walk_png(source: Source, canvas: Canvas) -> Iterator[Piece]:
    """Yield the pieces of a PNG, up to its IEND chunk, which is added if it is missing. Raises Malformed."""
    if source.take(8) != PNG_SIGNATURE:
        raise Malformed("it does not begin like a PNG")
    yield Kept(0, 8)
    picture = _PngPicture(source, canvas)
    pieces = _png_pieces(source, picture)
    for piece in pieces:
        if not picture.animation.control:
            yield piece
            continue
        # The number of frames is stored before the frames, but is known only after them.
        rest = [piece, *pieces]
        yield from picture.animation.header()
        yield from picture.animation.without_open_frame(rest)


def _png_pieces(source: Source, picture: "_PngPicture") -> Iterator[Piece]:
    """Yield the pieces of all chunks, except for the chunk with the number of frames."""
    name = b""
    while name != b"IEND":
        source.count_part()
        start = source.position
        try:
            chunk = read_chunk(source)
        except Malformed:
            if not picture.complete:
                raise
            # Chunks after the pixels are not needed. png_proof decides whether a pixel is missing.
            picture.canvas.end_missing = True
            if start < source.length:
                yield Dropped(start, source.length, "bytes after the end")
            yield Added(END_CHUNK, "end marker")
            return
        yield from picture.pieces(chunk)
        name = chunk.name
    picture.finish()


class _PngPicture:
    """Checks the order of the chunks, and collects the facts about their picture."""

    def __init__(self, source: Source, canvas: Canvas) -> None:
        self.canvas = canvas
        self.animation = Animation(canvas)
        self.ancillary = Ancillary(source)
        self.turned = False  # whether the EXIF with the orientation has been read
        self.last = b""

    @property
    def complete(self) -> bool:
        """Tell whether no required chunk is missing, except for IEND."""
        return self.animation.still and self.animation.complete

    def pieces(self, chunk: PngChunk) -> Iterator[Piece]:
        """Check that a chunk is allowed here, and yield its pieces."""
        name = chunk.name
        if (name == b"IHDR") is bool(self.last):
            raise Malformed("its PNG header is at the wrong position")
        if name[:1].isupper() and name not in CRITICAL:
            raise Malformed("it contains an unknown PNG chunk")
        if not chunk.intact and name in CRITICAL | ANIMATION:
            raise Malformed("the checksum of a PNG chunk is wrong")
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
            raise Malformed("it contains no picture")
        self.animation.finish()

    def _critical(self, chunk: PngChunk) -> Iterator[Piece]:
        """Check a critical chunk, and yield its pieces."""
        if chunk.name == b"IHDR":
            self._header(chunk)
        elif chunk.name == b"PLTE":
            self._palette(chunk)
        elif chunk.name == b"IDAT":
            self._pixels()
        elif chunk.size:
            yield Dropped(chunk.start, chunk.stop, "end marker")
            yield Added(END_CHUNK, "end marker")
            return
        yield Kept(chunk.start, chunk.stop)

    def _exif(self, chunk: PngChunk) -> Iterator[Piece]:
        """Keep the orientation in the first EXIF chunk. Browsers apply it if it comes before the pixels."""
        self.turned = True
        # Browsers ignore EXIF that begins like the EXIF of a JPEG.
        block = b"" if chunk.head.startswith(b"Exif\0\0") else chunk.head
        if not self.animation.still:
            self.canvas.orientation = exif.read_exif(block)
        left = exif.replacement(block)
        if left and left == chunk.head:
            yield Kept(chunk.start, chunk.stop)
            return
        yield dropped(chunk)
        if left:
            yield Added(write_chunk(b"eXIf", left), "orientation")

    def _header(self, chunk: PngChunk) -> None:
        """Read the size and the colour type of the picture."""
        if chunk.size != 13:
            raise Malformed("its PNG header has the wrong length")
        width, height, depth, colour, *methods, interlace = struct.unpack(">IIBBBBB", chunk.head)
        if depth not in DEPTHS.get(colour, ()) or any(methods) or interlace > 1:
            raise Malformed("its PNG header is invalid")
        if max(width, height) > 0x7FFFFFFF:
            raise Malformed("its PNG header is invalid")
        self.ancillary.colour, self.ancillary.depth = colour, depth
        self.canvas.declare(width, height)
        self.canvas.add_frame()

    def _palette(self, chunk: PngChunk) -> None:
        """Check that the palette comes once, before the pixels, and holds whole colours."""
        if self.ancillary.palette or self.animation.still or chunk.size % 3 or not 3 <= chunk.size <= 768:
            raise Malformed("its PNG palette is invalid")
        self.ancillary.palette = chunk.size // 3

    def _pixels(self) -> None:
        """Check that the pixel chunks are consecutive, and follow the palette if they need one."""
        if self.ancillary.colour == INDEXED and not self.ancillary.palette:
            raise Malformed("its PNG palette is missing")
        if self.animation.still and self.last != b"IDAT":
            raise Malformed("its PNG pixel chunks are not consecutive")
        self.ancillary.pixels = True
        self.animation.pixels()
