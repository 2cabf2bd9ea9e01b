"""A buffered reader of a picture file."""

import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from .errors import Malformed, TooManyParts

BUFFER = 256 * 1024
MAX_PARTS = 100_000
# GIF sub-blocks are 255 bytes long, except for the last one of a frame. A file of far shorter ones takes too
# much time for its size, and no encoder writes it.
MIN_BLOCK = 16

_NOT_ZERO = re.compile(rb"[^\0]")


class Source:
    """A seekable stream with a buffer. Reading beyond its end raises Malformed."""

    def __init__(self, stream: BinaryIO) -> None:
        self.length = stream.seek(0, io.SEEK_END)
        self._stream = stream
        self._buffer = b""
        self._start = 0  # the offset of the buffer in the file
        self._at = 0  # the offset of the next byte in the buffer
        self._parts = 0
        self._blocks = 0

    @property
    def position(self) -> int:
        """The offset of the next byte in the file."""
        return self._start + self._at

    def seek(self, position: int) -> None:
        """Move to an offset in the file. Raises Malformed if it is beyond the end."""
        if position > self.length:
            raise Malformed("it ends too early")
        at = position - self._start
        if 0 <= at <= len(self._buffer):
            self._at = at
        else:
            self._buffer, self._start, self._at = b"", position, 0

    def skip(self, count: int) -> None:
        """Skip ``count`` bytes, without reading bytes that are not in the buffer."""
        self.seek(self._start + self._at + count)

    def take(self, count: int) -> bytes:
        """Read ``count`` bytes, which must fit into one buffer."""
        if len(self._buffer) - self._at < count:
            self._fill(count)
        start = self._at
        self._at += count
        return self._buffer[start : self._at]

    def blocks(self, count: int) -> Iterator[memoryview]:
        """Yield ``count`` bytes in blocks. The count may be larger than the buffer. Raises Malformed."""
        if count > self.length - self.position:
            raise Malformed("it ends too early")
        while count:
            if self._at == len(self._buffer):
                self._fill(1)
            block = memoryview(self._buffer)[self._at : self._at + count]
            self._at += len(block)
            count -= len(block)
            yield block

    def skip_until(self, pattern: re.Pattern[bytes], width: int) -> None:
        """Move forward to the next match of a pattern that matches ``width`` bytes."""
        while not (match := pattern.search(self._buffer, self._at)):
            self._at = max(self._at, len(self._buffer) - width + 1)
            self._fill(width)
        self._at = match.start()

    def read(self, count: int) -> bytes:
        """Read ``count`` bytes. The count may be larger than the buffer."""
        return b"".join(self.blocks(count))

    def skip_zeros(self) -> None:
        """Skip zero bytes, up to the end of the file at most."""
        while not (match := _NOT_ZERO.search(self._buffer, self._at)):
            self._at = len(self._buffer)
            if self.position == self.length:
                return
            self._fill(1)
        self._at = match.start()

    def skip_sub_blocks(self) -> bool:
        """Skip GIF sub-blocks, and the empty sub-block that ends them.

        Returns:
            False if the file ends where the next sub-block, empty or not, should begin.

        Raises:
            TooManyParts: if the file consists of too many tiny sub-blocks.
        """
        while True:
            buffer, at, count = self._buffer, self._at, 0
            size = len(buffer)
            while at < size and (step := buffer[at]):
                at += step + 1
                count += 1
            self._blocks += count
            self.seek(self._start + at)
            if self._blocks > MAX_PARTS + self.position // MIN_BLOCK:
                raise TooManyParts("it consists of too many parts")
            if self.position == self.length:
                return False
            if not self.take(1)[0]:
                return True
            self._at -= 1

    def count_part(self, number: int = 1) -> None:
        """Count segments, chunks or boxes, since a file of only tiny ones takes too much time.

        Raises TooManyParts.
        """
        self._parts += number
        if self._parts > MAX_PARTS:
            raise TooManyParts("it consists of too many parts")

    def _fill(self, count: int) -> None:
        """Read until the buffer holds ``count`` bytes that have not been returned yet."""
        rest = self._buffer[self._at :]
        self._start, self._at = self._start + self._at, 0
        self._stream.seek(self._start + len(rest))
        while len(rest) < count:
            # A raw stream may return fewer bytes than requested.
            block = self._stream.read(BUFFER)
            if not block:
                self._buffer = rest
                raise Malformed("it ends too early")
            rest = rest + block if rest else block
        self._buffer = rest
