"""WebP (RFC 9649): a RIFF file of chunks, each with its length and padded to an even length."""

import struct
from collections.abc import Iterator

from . import exif, icc
from .canvas import Canvas
from .errors import Malformed
from .pieces import Added, Dropped, Kept, Piece, length
from .riff import RiffChunk, chunks
from .source import Source
from .webp_frame import FRAME_CHUNKS, measure

RIFF = struct.Struct("<4sI4s")
HAS_EXIF, HAS_XMP, ANIMATED = 0x08, 0x04, 0x02
# All other chunks are dropped: XMP, and chunks of unknown types.
WEBP_CHUNK_NAMES = {b"EXIF": "EXIF", b"XMP ": "XMP", b"VP8X": "header", b"ICCP": "colour profile"}
KEPT_WEBP_CHUNKS = {b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"}
FRAME_HEAD_SIZE = 64 * 1024


def walk_webp(source: Source, canvas: Canvas) -> Iterator[Piece]:
    """Yield the pieces of a WebP, up to the end of its RIFF data. Raises Malformed."""
    riff, size, form = RIFF.unpack(source.take(RIFF.size))
    end = 8 + size
    if riff != b"RIFF" or form != b"WEBP":
        raise Malformed("it does not begin like a WebP")
    if end > source.length:
        raise Malformed("it ends too early")
    # The length and the flags come before the chunks that they describe, so the chunks are walked twice.
    picture = _WebpPicture(source, canvas)
    left = 4
    for chunk in chunks(source, end):
        source.count_part()
        picture.part(chunk)
        left += sum(length(piece) for piece in picture.pieces(chunk))
    picture.finish()
    if left == size:
        yield Kept(0, RIFF.size)
    else:
        yield Dropped(0, RIFF.size, "header")
        yield Added(RIFF.pack(riff, left, form), "header")
    source.seek(RIFF.size)
    for chunk in chunks(source, end):
        yield from picture.pieces(chunk)


class _WebpPicture:
    """The facts about the picture from the chunks that have been walked."""

    def __init__(self, source: Source, canvas: Canvas) -> None:
        self.source = source
        self.canvas = canvas
        self.header = b""  # the header of the extended format; empty in a simple file
        self.flags = 0
        self.last = b""
        self.exif_start = 0
        self.exif = b""  # the EXIF that is stored

    def part(self, chunk: RiffChunk) -> None:
        """Check that a chunk is allowed here, and read its facts."""
        if self.last == b"ALPH" and chunk.name not in FRAME_CHUNKS:
            raise Malformed("the sequence of its WebP chunks is invalid")
        if not self.last:
            self._first(chunk)
        elif not self.header:
            pass  # all chunks after a simple picture are dropped
        elif chunk.name == b"ANMF" and self.flags & ANIMATED:
            self._frame(chunk)
        elif chunk.name in FRAME_CHUNKS and not self.flags & ANIMATED and not self.canvas.frames:
            self._still(chunk)
        elif chunk.name in FRAME_CHUNKS | {b"VP8X", b"ANMF"} or (
            chunk.name == b"ALPH" and self.canvas.frames
        ):
            raise Malformed("the sequence of its WebP chunks is invalid")
        elif chunk.name == b"EXIF" and self.flags & HAS_EXIF and not self.exif_start:
            self.exif_start = chunk.start
            self.exif = exif.replacement(self.source.take(min(chunk.size, FRAME_HEAD_SIZE)))
        self.last = chunk.name

    def finish(self) -> None:
        """Check at the end that nothing is missing."""
        if not self.canvas.frames:
            raise Malformed("it contains no picture")

    def pieces(self, chunk: RiffChunk) -> list[Piece]:
        """Return the pieces of a chunk.

        Their length is final once part() has read the chunk, their bytes only once it has read all chunks.
        """
        kept, dropped = (
            Kept(chunk.start, chunk.stop),
            Dropped(chunk.start, chunk.stop, WEBP_CHUNK_NAMES.get(chunk.name, "chunk")),
        )
        if not self.header:
            return [kept if chunk.start == RIFF.size else dropped]
        if chunk.name == b"VP8X":
            flags = self.flags & ~(HAS_EXIF | HAS_XMP) | (HAS_EXIF if self.exif else 0)
            data, what = bytes((flags,)) + self.header[1:], "header"
        elif chunk.name == b"ICCP":
            data, what = self._profile(chunk), "colour profile"
        elif self.exif and chunk.start == self.exif_start:
            data, what = self.exif, "orientation"
        else:
            return [kept if chunk.name in KEPT_WEBP_CHUNKS else dropped]
        self.source.seek(chunk.data)
        if chunk.size == len(data) and self.source.read(chunk.size) == data:
            return [kept]
        head = struct.pack("<4sI", chunk.name, len(data))
        return [dropped, Added(head + data + bytes(len(data) % 2), what)]

    def _profile(self, chunk: RiffChunk) -> bytes:
        """Return a colour profile, without private tags."""
        if chunk.size > icc.LARGEST_PROFILE:
            raise Malformed("its colour profile is too large")
        self.source.seek(chunk.data)
        return icc.blanked(self.source.read(chunk.size))

    def _first(self, chunk: RiffChunk) -> None:
        """Read the size from the first chunk, which is the picture or the header of the extended format."""
        if chunk.name in FRAME_CHUNKS:
            self.canvas.declare(*measure(self.source, chunk.name, chunk.size))
            self.canvas.add_frame()
        elif chunk.name == b"VP8X" and chunk.size == 10:
            self.header = self.source.take(10)
            self.flags = self.header[0]
            width, height = (int.from_bytes(self.header[at : at + 3], "little") + 1 for at in (4, 7))
            self.canvas.declare(width, height)
        else:
            raise Malformed("its WebP header is invalid")

    def _still(self, chunk: RiffChunk) -> None:
        """Check and count the only picture of a file that is not animated."""
        if measure(self.source, chunk.name, chunk.size) != (self.canvas.width, self.canvas.height):
            raise Malformed("the size in its WebP header differs from the size of its pixel data")
        self.canvas.add_frame()

    def _frame(self, chunk: RiffChunk) -> None:
        """Check and count a frame of an animation: a header, perhaps transparency, and the pixels."""
        head = self.source.take(16) if chunk.size >= 16 else bytes(16)
        left, top, width, height = (int.from_bytes(head[at : at + 3], "little") for at in (0, 3, 6, 9))
        size = width + 1, height + 1
        if 2 * left + size[0] > self.canvas.width or 2 * top + size[1] > self.canvas.height:
            raise Malformed("the size or the position of a frame is invalid")
        self.canvas.add_frame(*size)
        names = []
        for part in chunks(self.source, chunk.data + chunk.size):
            self.source.count_part()
            names.append(part.name)
            if part.name in FRAME_CHUNKS and measure(self.source, part.name, part.size) != size:
                raise Malformed("the size in its WebP header differs from the size of its pixel data")
        # The standard allows unknown chunks here, but no encoder writes them.
        if names not in ([b"VP8 "], [b"VP8L"], [b"ALPH", b"VP8 "]):
            raise Malformed("the sequence of its WebP chunks is invalid")
