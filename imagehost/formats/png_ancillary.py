"""The chunks of a PNG that a decoder can do without: which of them are stored.

What is damaged is dropped where Chromium ignores it, so that the stored file looks the same.
"""

import zlib
from collections.abc import Iterator

from . import icc
from .errors import Malformed
from .pieces import Added, Dropped, Kept, Piece
from .png_chunk import Chunk, written
from .source import Source

INDEXED = 3
LENGTHS = {b"pHYs": 9, b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"cICP": 4, b"mDCV": 24, b"cLLI": 8}
# By the colour type of the picture.
BITS_LENGTHS = {0: 1, 2: 3, INDEXED: 3, 4: 2, 6: 4}
BACKGROUND_LENGTHS = {0: 2, 2: 6, INDEXED: 1, 4: 2, 6: 6}
TRANSPARENCY_LENGTHS = {0: 2, 2: 6}
MOST_TRANSPARENCY = 256
"""Bytes of the longest tRNS chunk that Chromium reads."""
LONGEST_NAME = 80
"""Bytes of the longest name of a profile that Chromium reads; the standard allows 79."""
NEUTRAL_NAME = b"ICC profile"
# What decides pixels, colours and size on paper. No text (tEXt, zTXt, iTXt: there XMP and "Raw profile type
# exif" stand too, which Pillow honours and browsers do not), no tIME, no private chunks.
KEPT = {*LENGTHS, b"sBIT", b"bKGD", b"tRNS", b"iCCP"}
NAMES = {
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


def dropped(chunk: Chunk) -> Dropped:
    """Drop a chunk, and name what is in it."""
    return Dropped(chunk.start, chunk.stop, NAMES.get(chunk.name, "chunk"))


class Ancillary:
    """The ancillary chunks of one picture. Of several with one name, browsers read the first sound one."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.colour = self.depth = 0
        self.palette = 0  # entries of it, as far as it has been seen
        self.pixels = False  # whether the pixels have been seen
        self._done: set[bytes] = set()

    def pieces(self, chunk: Chunk) -> Iterator[Piece]:
        """Yield what is kept of a chunk."""
        if chunk.name not in KEPT or not chunk.intact or chunk.name in self._done:
            yield dropped(chunk)
        elif chunk.name == b"iCCP":
            # One that cannot be read keeps Chromium from reading another.
            self._done.add(chunk.name)
            yield from _profile(self.source, chunk)
        elif (data := self._transparency(chunk) if chunk.name == b"tRNS" else self._plain(chunk)) is None:
            yield dropped(chunk)
        else:
            self._done.add(chunk.name)
            yield from _replaced(chunk, data)

    def _plain(self, chunk: Chunk) -> bytes | None:
        """Return the data of a chunk of a fixed length, or None if browsers ignore them."""
        lengths = {
            **LENGTHS,
            b"sBIT": BITS_LENGTHS[self.colour],
            b"bKGD": BACKGROUND_LENGTHS[self.colour],
        }
        if chunk.size != lengths[chunk.name] or (chunk.name == b"sRGB" and chunk.head[0] > 3):
            return None
        if chunk.name == b"cICP" and (chunk.head[2] or chunk.head[3] > 1):
            # Chromium shows nothing, unless the chunk comes too late to be read.
            if self.palette or self.pixels:
                return None
            raise Malformed("its PNG colour space makes no sense")
        return chunk.head

    def _transparency(self, chunk: Chunk) -> bytes | None:
        """Return what Chromium reads of a tRNS chunk: too many bytes are not always a fault to it."""
        length = self.palette if self.colour == INDEXED else TRANSPARENCY_LENGTHS.get(self.colour, 0)
        if not length or not 0 < chunk.size <= MOST_TRANSPARENCY:
            return None
        if self.colour != INDEXED and (chunk.size < length or (self.depth == 16 and chunk.size > length)):
            return None
        return chunk.head[:length]


def _replaced(chunk: Chunk, data: bytes) -> Iterator[Piece]:
    """Keep a small chunk if it has these data, or else write it anew."""
    if data == chunk.head:
        yield Kept(chunk.start, chunk.stop)
    else:
        yield dropped(chunk)
        yield Added(written(chunk.name, data), NAMES[chunk.name])


def _profile(source: Source, chunk: Chunk) -> Iterator[Piece]:
    """Keep a colour profile without private tags. Their profile's name can be that of a monitor too."""
    name, separator, _ = chunk.head[: LONGEST_NAME + 1].partition(b"\0")
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
    yield Added(written(b"iCCP", name + b"\0\0" + zlib.compress(left)), "colour profile")


def _inflated(source: Source, count: int) -> tuple[bytes | None, int]:
    """Inflate a profile from at most so many bytes.

    Returns:
        The profile, or None if it is damaged, and the number of bytes that it took.
    """
    inflater = zlib.decompressobj()
    profile = bytearray()
    taken = 0
    try:
        for block in source.blocks(count):
            profile += inflater.decompress(block, icc.MOST + 1 - len(profile))
            taken += len(block)
            if len(profile) > icc.MOST:
                raise Malformed("its colour profile is too large")
            if inflater.eof:
                break
    except zlib.error:
        return None, 0
    return (bytes(profile) if inflater.eof else None), taken - len(inflater.unused_data)
