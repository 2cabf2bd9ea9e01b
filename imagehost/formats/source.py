"""A picture file, read forward."""

import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from .errors import Malformed, TooManyParts

BUFFER = 256 * 1024
MAX_PARTS = 100_000
# GIF sub-blocks are 255 bytes long but for the last of a frame. A file of far shorter ones costs
# time by the byte, and no encoder writes it.
MIN_BLOCK = 16

_NOT_ZERO = re.compile(rb"[^\0]")


class Source:
    """A seekable stream behind one buffer; what is missing at its end is Malformed."""

    def __init__(self, stream: BinaryIO) -> None:
        self.length = stream.seek(0, io.SEEK_END)
        self._stream = stream
        self._buffer = b""
        self._start = 0  # where the buffer stands in the file
        self._at = 0  # the next byte in the buffer
        self._parts = 0
        self._blocks = 0

    @property
    def position(self) -> int:
        """Tell where the next byte stands in the file."""
        return self._start + self._at

    def seek(self, position: int) -> None:
        """Go to a place in the file, which must be there."""
        if position > self.length:
            raise Malformed("it ends too early")
        at = position - self._start
        if 0 <= at <= len(self._buffer):
            self._at = at
        else:
            self._buffer, self._start, self._at = b"", position, 0

    def skip(self, count: int) -> None:
        """Step over bytes, without reading those that the buffer does not hold."""
        self.seek(self._start + self._at + count)

    def take(self, count: int) -> bytes:
        """Read bytes, at most one buffer of them."""
        if len(self._buffer) - self._at < count:
            self._fill(count)
        start = self._at
        self._at += count
        return self._buffer[start : self._at]

    def blocks(self, count: int) -> Iterator[memoryview]:
        """Read bytes of any number, as the buffer brings them."""
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
        """Step forward to the next match of a pattern that matches so many bytes."""
        while not (match := pattern.search(self._buffer, self._at)):
            self._at = max(self._at, len(self._buffer) - width + 1)
            self._fill(width)
        self._at = match.start()

    def read(self, count: int) -> bytes:
        """Read bytes of any number."""
        return b"".join(self.blocks(count))

    def skip_zeros(self) -> None:
        """Step over bytes that are zero, up to the end of the file at most."""
        while not (match := _NOT_ZERO.search(self._buffer, self._at)):
            self._at = len(self._buffer)
            if self.position == self.length:
                return
            self._fill(1)
        self._at = match.start()

    def skip_sub_blocks(self) -> bool:
        """Step over GIF sub-blocks, and over the empty one that ends them.

        Returns:
            False if the file ends where the empty one, or another, should be.
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
                raise TooManyParts("it is cut into too many parts")
            if self.position == self.length:
                return False
            if not self.take(1)[0]:
                return True
            self._at -= 1

    def count_part(self, number: int = 1) -> None:
        """Count segments, chunks or boxes, since a file of nothing but tiny ones costs too much time."""
        self._parts += number
        if self._parts > MAX_PARTS:
            raise TooManyParts("it is cut into too many parts")

    def _fill(self, count: int) -> None:
        """Read on until the buffer holds so many bytes that were not taken yet."""
        rest = self._buffer[self._at :]
        self._start, self._at = self._start + self._at, 0
        self._stream.seek(self._start + len(rest))
        while len(rest) < count:
            # A raw stream may bring less than it was asked for.
            block = self._stream.read(BUFFER)
            if not block:
                self._buffer = rest
                raise Malformed("it ends too early")
            rest = rest + block if rest else block
        self._buffer = rest
