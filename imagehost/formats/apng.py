"""The animation of a PNG (Portable Network Graphics, 3rd edition, W3C, 4.9 and 11.3.6)."""

import struct

from .canvas import Canvas
from .errors import Malformed


class Animation:
    """The frames of an animated PNG: announced, numbered, each with its data."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.announced = 0
        self.frames = 0
        self.sequence = 0
        self.still = False  # the still picture has been seen
        self.filled = True  # the frame at hand has data

    def part(self, name: bytes, head: bytes) -> None:
        """Check one of the chunks of an animation."""
        if name == b"acTL":
            self._control(head)
            return
        if not self.announced or len(head) < 4 or int.from_bytes(head[:4], "big") != self.sequence:
            raise Malformed("its animation is out of order")
        self.sequence += 1
        if name == b"fcTL":
            self._frame(head)
        elif not self.still or not self.frames:
            raise Malformed("its animation is out of order")
        else:
            self.filled = True

    def data(self) -> None:
        """Take the still picture, which is the first frame where one has been opened."""
        self.still = self.filled = True

    def finish(self) -> None:
        """Check that each announced frame came."""
        if not self.filled or self.frames != self.announced:
            raise Malformed("its animation lacks frames")

    def _control(self, head: bytes) -> None:
        """Take the number of frames, which comes once and before the pixels."""
        if len(head) != 8 or self.announced or self.still:
            raise Malformed("its animation is out of order")
        self.announced = int.from_bytes(head[:4], "big")
        if not self.announced:
            raise Malformed("its animation lacks frames")

    def _frame(self, head: bytes) -> None:
        """Open a frame, which lies within the canvas."""
        if len(head) != 26 or not self.filled:
            raise Malformed("its animation is out of order")
        width, height, left, top = struct.unpack_from(">4I", head, 4)
        if not width or not height or left + width > self.canvas.width or top + height > self.canvas.height:
            raise Malformed("a frame lies outside of the picture")
        self.frames += 1
        self.filled = False
        # The frame that opens before the still picture is that picture, which is counted already.
        if self.still:
            self.canvas.add_frame(width, height)
