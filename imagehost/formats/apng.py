"""The animation of a PNG (Portable Network Graphics, 3rd edition, W3C, 4.9 and 11.3.6)."""

import struct
from collections.abc import Iterator

from .canvas import Canvas
from .errors import Malformed
from .pieces import Added, Dropped, Kept, Piece
from .png_chunk import PngChunk, write_chunk

MOST_FRAMES = 0x7FFFFFFF


class Animation:
    """The frames of an animated PNG: their announced number, their sequence numbers and their data.

    If the number of frames is missing or invalid, the picture is a still picture. Frames beyond that number
    are never shown, so they are dropped.
    """

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.control: PngChunk | None = None
        self.announced = 0
        self.frames = 0  # frames that have data
        self.sequence = 0
        self.still = False  # whether the still picture (IDAT) has been read
        self._hidden = False  # whether the current frame is not shown
        self._opened: PngChunk | None = None  # the header of a frame that has no data yet

    @property
    def complete(self) -> bool:
        """Tell whether all announced frames have data."""
        return self.frames == self.announced

    def piece(self, chunk: PngChunk) -> Piece | None:
        """Check a chunk of the animation and return its piece; None for acTL, which header() yields later.

        Raises Malformed.
        """
        if chunk.name == b"acTL":
            return self._control(chunk)
        if chunk.name == b"fcTL" and self.control and self.complete:
            self._hidden = True
        if self._hidden or not self.control:
            return Dropped(chunk.start, chunk.stop, "hidden frame")
        if chunk.size < 4 or int.from_bytes(chunk.head[:4], "big") != self.sequence:
            raise Malformed("the sequence of its animation chunks is invalid")
        self.sequence += 1
        if chunk.name == b"fcTL":
            self._open(chunk)
        else:
            self._data()
        return Kept(chunk.start, chunk.stop)

    def pixels(self) -> None:
        """Record the still picture. It is also the first frame if a frame header (fcTL) precedes it."""
        self.still = True
        if self._opened:
            self.frames, self._opened = 1, None

    def finish(self) -> None:
        """Check that an animation has at least one frame. Raises Malformed."""
        if self.control and not self.frames:
            raise Malformed("its animation has no frames")

    def header(self) -> Iterator[Piece]:
        """Yield the chunk with the number of frames, corrected to the number of frames that have data."""
        if not self.control:
            return
        start, stop = self.control.start, self.control.stop
        if self.complete:
            yield Kept(start, stop)
        else:
            yield Dropped(start, stop, "number of frames")
            data = struct.pack(">I", self.frames) + self.control.head[4:]
            yield Added(write_chunk(b"acTL", data), "number of frames")

    def without_open_frame(self, pieces: list[Piece]) -> Iterator[Piece]:
        """Drop the header of the last frame if it has no data, since players ignore it."""
        opened = self._opened
        for piece in pieces:
            if opened and isinstance(piece, Kept) and piece.start == opened.start:
                yield Dropped(opened.start, opened.stop, "hidden frame")
            else:
                yield piece

    def _control(self, chunk: PngChunk) -> Piece | None:
        """Read the number of frames. Browsers use only the first valid acTL chunk before the pixels."""
        announced = int.from_bytes(chunk.head[:4], "big")
        if chunk.size != 8 or self.control or self.still or not 1 <= announced <= MOST_FRAMES:
            return Dropped(chunk.start, chunk.stop, "number of frames")
        self.control, self.announced = chunk, announced
        return None

    def _open(self, chunk: PngChunk) -> None:
        """Read a frame header, and check that the frame lies within the canvas."""
        if chunk.size != 26 or self._opened:
            raise Malformed("the sequence of its animation chunks is invalid")
        width, height, left, top = struct.unpack_from(">4I", chunk.head, 4)
        if not width or not height or left + width > self.canvas.width or top + height > self.canvas.height:
            raise Malformed("the size or the position of a frame is invalid")
        self._opened = chunk

    def _data(self) -> None:
        """Record data of the current frame. A frame is counted when its first data is read."""
        if not self.still or not (self._opened or self.frames):
            raise Malformed("the sequence of its animation chunks is invalid")
        if self._opened:
            self.canvas.add_frame(*struct.unpack_from(">2I", self._opened.head, 4))
            self.frames += 1
            self._opened = None
