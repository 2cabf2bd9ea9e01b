"""The ancillary chunks of a PNG, which decoders do not need: choose the chunks that are stored.

Damaged chunks are dropped if Chromium ignores them, so that the stored file looks the same.
"""

import zlib
from collections.abc import Iterator

from . import icc
from .errors import Malformed
from .pieces import Added, Dropped, Kept, Piece
from .png_chunk import PngChunk, write_chunk
from .source import Source

INDEXED = 3
LENGTHS = {b"pHYs": 9, b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"cICP": 4, b"mDCV": 24, b"cLLI": 8}
# By the colour type of the picture.
BITS_LENGTHS = {0: 1, 2: 3, INDEXED: 3, 4: 2, 6: 4}
BACKGROUND_LENGTHS = {0: 2, 2: 6, INDEXED: 1, 4: 2, 6: 6}
TRANSPARENCY_LENGTHS = {0: 2, 2: 6}
MOST_TRANSPARENCY = 256
"""The size of the longest tRNS chunk that Chromium reads, in bytes."""
LONGEST_PROFILE_NAME = 80
"""The size of the longest profile name that Chromium reads, in bytes; the standard allows 79."""
NEUTRAL_NAME = b"ICC profile"
# Chunks that affect pixels, colours and printed size. Text chunks (tEXt, zTXt, iTXt) are dropped: they may
# hold XMP or "Raw profile type exif", which Pillow uses and browsers do not. tIME and private chunks are
# dropped too.
KEPT_CHUNKS = {*LENGTHS, b"sBIT", b"bKGD", b"tRNS", b"iCCP"}
CHUNK_NAMES = {
    **dict.fromkeys((b"tEXt", b"zTXt", b"iTXt"), "text"),
    **dict.fromkeys((b"sRGB", b"cICP", b"cHRM"), "colour space"),
    **dict.fromkeys((b"mDCV", b"cLLI"), "brightness"),
    b"eXIf": "EXIF",
    b"tIME": "time",
    b"iCCP": "colour profile",
    b"gAMA": "gamma",
    b"pHYs": "resolution",
    b"sBIT": "significant bits",
    b"bKGD": "background",
    b"tRNS": "transparency",
}


def dropped(chunk: PngChunk) -> Dropped:
    """Return the piece that drops a chunk, with the name of its content."""
    return Dropped(chunk.start, chunk.stop, CHUNK_NAMES.get(chunk.name, "chunk"))


class Ancillary:
    """The ancillary chunks of one picture. Of chunks with the same name, browsers use the first valid one."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.colour = self.depth = 0
        self.palette = 0  # the number of its entries, 0 until it has been read
        self.pixels = False  # whether the pixels have been read
        self._done: set[bytes] = set()

    def pieces(self, chunk: PngChunk) -> Iterator[Piece]:
        """Yield the pieces of a chunk."""
        if chunk.name not in KEPT_CHUNKS or not chunk.intact or chunk.name in self._done:
            yield dropped(chunk)
        elif chunk.name == b"iCCP":
            # If Chromium cannot read the first profile, it does not read another one.
            self._done.add(chunk.name)
            yield from _png_profile(self.source, chunk)
        elif (data := self._transparency(chunk) if chunk.name == b"tRNS" else self._plain(chunk)) is None:
            yield dropped(chunk)
        else:
            self._done.add(chunk.name)
            yield from _replaced(chunk, data)

    def _plain(self, chunk: PngChunk) -> bytes | None:
        """Return the data of a chunk of a fixed length, or None if browsers ignore the chunk."""
        lengths = {
            **LENGTHS,
            b"sBIT": BITS_LENGTHS[self.colour],
            b"bKGD": BACKGROUND_LENGTHS[self.colour],
        }
        if chunk.size != lengths[chunk.name] or (chunk.name == b"sRGB" and chunk.head[0] > 3):
            return None
        if chunk.name == b"cICP" and (chunk.head[2] or chunk.head[3] > 1):
            # Chromium does not show such a picture, unless it ignores the chunk because it comes too late.
            if self.palette or self.pixels:
                return None
            raise Malformed("its PNG colour space is invalid")
        return chunk.head

    def _transparency(self, chunk: PngChunk) -> bytes | None:
        """Return the data that Chromium reads of a tRNS chunk, or None if Chromium ignores the chunk.

        Chromium ignores a chunk that is too long only in some cases.
        """
        length = self.palette if self.colour == INDEXED else TRANSPARENCY_LENGTHS.get(self.colour, 0)
        if not length or not 0 < chunk.size <= MOST_TRANSPARENCY:
            return None
        if self.colour != INDEXED and (chunk.size < length or (self.depth == 16 and chunk.size > length)):
            return None
        return chunk.head[:length]


def _replaced(chunk: PngChunk, data: bytes) -> Iterator[Piece]:
    """Keep a small chunk if it has this data; otherwise replace it."""
    if data == chunk.head:
        yield Kept(chunk.start, chunk.stop)
    else:
        yield dropped(chunk)
        yield Added(write_chunk(chunk.name, data), CHUNK_NAMES[chunk.name])


def _png_profile(source: Source, chunk: PngChunk) -> Iterator[Piece]:
    """Keep a colour profile, without private tags.

    The name of a profile with private tags may also identify a monitor, so it is replaced.
    """
    name, separator, _ = chunk.head[: LONGEST_PROFILE_NAME + 1].partition(b"\0")
    start = len(name) + 2
    profile, size = None, 0
    if name and separator and chunk.head[start - 1 : start] == b"\0":
        source.seek(chunk.data + start)
        profile, size = _inflated(source, chunk.size - start)
        source.seek(chunk.stop)
    if profile is None:
        yield dropped(chunk)
        return
    left = icc.blanked(profile)
    if left is profile and start + size == chunk.size:
        yield Kept(chunk.start, chunk.stop)
        return
    yield dropped(chunk)
    name = name if left is profile else NEUTRAL_NAME
    yield Added(write_chunk(b"iCCP", name + b"\0\0" + zlib.compress(left)), "colour profile")


def _inflated(source: Source, count: int) -> tuple[bytes | None, int]:
    """Inflate a profile from at most ``count`` bytes.

    Returns:
        The profile, or None if it is damaged, and the number of compressed bytes that it took.
    """
    inflater = zlib.decompressobj()
    profile = bytearray()
    taken = 0
    try:
        for block in source.blocks(count):
            profile += inflater.decompress(block, icc.LARGEST_PROFILE + 1 - len(profile))
            taken += len(block)
            if len(profile) > icc.LARGEST_PROFILE:
                raise Malformed("its colour profile is too large")
            if inflater.eof:
                break
    except zlib.error:
        return None, 0
    return (bytes(profile) if inflater.eof else None), taken - len(inflater.unused_data)
