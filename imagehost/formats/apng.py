"""The animation of a PNG (Portable Network Graphics, 3rd edition, W3C, 4.9 and 11.3.6)."""

import struct
from collections.abc import Iterator

from .canvas import Canvas
from .errors import Malformed
from .pieces import Added, Dropped, Kept, Piece
from .png_chunk import Chunk, written

MOST_FRAMES = 0x7FFFFFFF


class Animation:
    """The frames of an animated PNG: announced, numbered, each with its data.

    A picture whose number of frames is missing, or makes no sense, is a still one. Frames beyond that number
    are never shown, so they are dropped.
    """

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.control: Chunk | None = None
        self.announced = 0
        self.frames = 0  # those that have data
        self.sequence = 0
        self.still = False  # the still picture has been seen
        self._hidden = False  # the frame at hand is not shown
        self._opened: Chunk | None = None  # the header of a frame that has no data yet

    @property
    def complete(self) -> bool:
        """Tell whether all announced frames have data."""
        return self.frames == self.announced

    def piece(self, chunk: Chunk) -> Piece | None:
        """Check one of the chunks of an animation; None stands for its header, which header() returns."""
        if chunk.name == b"acTL":
            return self._control(chunk)
        if chunk.name == b"fcTL" and self.control and self.complete:
            self._hidden = True
        if self._hidden or not self.control:
            return Dropped(chunk.start, chunk.stop, "hidden frame")
        if chunk.size < 4 or int.from_bytes(chunk.head[:4], "big") != self.sequence:
            raise Malformed("its animation is out of order")
        self.sequence += 1
        if chunk.name == b"fcTL":
            self._open(chunk)
        else:
            self._data()
        return Kept(chunk.start, chunk.stop)

    def pixels(self) -> None:
        """Take the still picture, which is the first frame where one has been opened."""
        self.still = True
        if self._opened:
            self.frames, self._opened = 1, None

    def finish(self) -> None:
        """Check at the end that there is a frame."""
        if self.control and not self.frames:
            raise Malformed("its animation lacks frames")

    def header(self) -> Iterator[Piece]:
        """Yield the chunk with the number of frames, corrected to those that there are."""
        if not self.control:
            return
        start, stop = self.control.start, self.control.stop
        if self.complete:
            yield Kept(start, stop)
        else:
            yield Dropped(start, stop, "number of frames")
            data = struct.pack(">I", self.frames) + self.control.head[4:]
            yield Added(written(b"acTL", data), "number of frames")

    def without_open_frame(self, pieces: list[Piece]) -> Iterator[Piece]:
        """Drop the header of a last frame that has no data, which players ignore."""
        opened = self._opened
        for piece in pieces:
            if opened and isinstance(piece, Kept) and piece.start == opened.start:
                yield Dropped(opened.start, opened.stop, "hidden frame")
            else:
                yield piece

    def _control(self, chunk: Chunk) -> Piece | None:
        """Take the number of frames, which comes once and before the pixels; browsers ignore any other."""
        announced = int.from_bytes(chunk.head[:4], "big")
        if chunk.size != 8 or self.control or self.still or not 1 <= announced <= MOST_FRAMES:
            return Dropped(chunk.start, chunk.stop, "number of frames")
        self.control, self.announced = chunk, announced
        return None

    def _open(self, chunk: Chunk) -> None:
        """Open a frame, which lies within the canvas."""
        if chunk.size != 26 or self._opened:
            raise Malformed("its animation is out of order")
        width, height, left, top = struct.unpack_from(">4I", chunk.head, 4)
        if not width or not height or left + width > self.canvas.width or top + height > self.canvas.height:
            raise Malformed("a frame lies outside of the picture")
        self._opened = chunk

    def _data(self) -> None:
        """Take pixels of the frame at hand, which counts as soon as it has some."""
        if not self.still or not (self._opened or self.frames):
            raise Malformed("its animation is out of order")
        if self._opened:
            self.canvas.add_frame(*struct.unpack_from(">2I", self._opened.head, 4))
            self.frames += 1
            self._opened = None
