"""The pixels that a picture declares."""

from .errors import Malformed, PixelLimit


class Canvas:
    """The pixels that a picture declares, all frames counted, against a limit."""

    def __init__(self, max_pixels: int) -> None:
        self.max_pixels = max_pixels
        self.width = self.height = self.frames = self.pixels = 0
        self._right = self._bottom = 0

    def declare(self, width: int, height: int) -> None:
        """Take the size that the header declares, before any frame is seen."""
        self.width, self.height = self._right, self._bottom = width, height
        self._refuse_beyond(width * height)

    def add_frame(self, right: int = 0, bottom: int = 0) -> None:
        """Count one more frame, on a canvas that grows to hold its right and bottom edge."""
        self._right, self._bottom = max(self._right, right), max(self._bottom, bottom)
        if not self.frames:
            self.width, self.height = self._right, self._bottom
            if not self.width or not self.height:
                raise Malformed("it has no width or no height")
        self.frames += 1
        self.pixels += self._right * self._bottom
        self._refuse_beyond(self.pixels)

    def add_frames(self, count: int) -> None:
        """Count so many frames of the declared size."""
        self.add_frame()
        self.frames = count
        self.pixels *= count
        self._refuse_beyond(self.pixels)

    def _refuse_beyond(self, pixels: int) -> None:
        """Refuse more pixels than the limit."""
        if pixels > self.max_pixels:
            raise PixelLimit(pixels, self.max_pixels)
