"""Check that a PNG contains all of its pixels, by inflating them in bounded memory without decoding them.

This inflates as many bytes as the picture declares, so it runs in a process with limits.
"""

import struct
import zlib
from typing import BinaryIO, NamedTuple

from .errors import Malformed
from .png_chunk import PngChunk, read_chunk
from .source import Source

INFLATED_AT_ONCE = 256 * 1024
"""The maximum number of bytes that are inflated at once."""
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""The number of samples per pixel, by colour type."""
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""The pixels of each interlacing pass: left, top, horizontal distance and vertical distance."""


class _Header(NamedTuple):
    """The size of the picture, its bits per pixel, and whether it is interlaced."""

    width: int
    height: int
    bits: int
    interlaced: bool

    def expected(self, width: int, height: int) -> int:
        """Return the number of inflated bytes of a frame: each row has one more byte, its filter."""
        passes = ADAM7 if self.interlaced else ((0, 0, 1, 1),)
        total = 0
        for left, top, across, down in passes:
            columns, rows = -(-(width - left) // across), -(-(height - top) // down)
            if columns > 0 and rows > 0:
                total += rows * (1 + (columns * self.bits + 7) // 8)
        return total


class _Pixels:
    """The pixels of one frame, which are counted while they are inflated."""

    def __init__(self, expected: int) -> None:
        self._missing = expected
        self._inflater = zlib.decompressobj()

    def add(self, source: Source, start: int, count: int) -> None:
        """Inflate the next bytes of a frame. Raises Malformed if there are more pixels than expected."""
        source.seek(start)
        for block in source.blocks(count):
            data: bytes | memoryview = block
            while data and not self._inflater.eof:
                self._missing -= len(self._inflater.decompress(data, INFLATED_AT_ONCE))
                if self._missing < 0:
                    raise Malformed("it ends too early")
                data = self._inflater.unconsumed_tail

    def finish(self) -> None:
        """Check that no pixel is missing."""
        while not self._inflater.eof and (rest := self._inflater.decompress(b"", INFLATED_AT_ONCE)):
            self._missing -= len(rest)
        if self._missing:
            raise Malformed("it ends too early")


def check_png_data(stream: BinaryIO) -> int:
    """Check that a cleaned PNG contains exactly the pixels that it declares, in each frame.

    Returns:
        0, the number of bytes before the end marker that do not belong to the picture.

    Raises:
        Malformed: if a frame has fewer or more pixels.
    """
    source = Source(stream)
    source.seek(8)
    try:
        _prove(source)
    except zlib.error as error:
        raise Malformed("it ends too early") from error
    return 0


def _prove(source: Source) -> None:
    """Inflate all frames, one after another."""
    header = _header(read_chunk(source))
    pixels = _Pixels(header.expected(header.width, header.height))
    still = False
    while (chunk := read_chunk(source)).name != b"IEND":
        if chunk.name == b"IDAT":
            still = True
            pixels.add(source, chunk.data, chunk.size)
        elif chunk.name == b"fcTL" and still:
            pixels.finish()
            pixels = _Pixels(header.expected(*struct.unpack_from(">2I", chunk.head, 4)))
        elif chunk.name == b"fdAT":
            pixels.add(source, chunk.data + 4, chunk.size - 4)
        source.seek(chunk.stop)
    pixels.finish()


def _header(chunk: PngChunk) -> _Header:
    """Read the header from the IHDR chunk."""
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", chunk.head)
    return _Header(width, height, depth * CHANNELS[colour], bool(interlace))
