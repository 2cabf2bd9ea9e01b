"""The pixels that a picture declares, and the work of decoding them."""

import sys
from dataclasses import dataclass

from . import exif
from .errors import Malformed, PixelLimit, WorkLimit


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits for one picture.

    Args:
        pixels: width × height of the canvas.
        animation_pixels: the sum of the areas of all frames.
        work: samples that are decoded: pixels × scans × components.
    """

    pixels: int = sys.maxsize
    animation_pixels: int = sys.maxsize
    work: int = sys.maxsize


class Canvas:
    """The facts about a picture that a walk collects. Raises PixelLimit or WorkLimit if a limit is exceeded.

    ``width`` and ``height`` are the sides of the canvas as stored, in pixels. ``pixels`` is the sum of the
    areas of all ``frames``. ``end_missing`` is True if the file ends without its end marker: the pixels must
    then be decoded to check that none is missing. ``orientation`` is the EXIF number, 1 to 8, by which
    browsers rotate the picture.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.width = self.height = self.frames = self.pixels = self.work = 0
        self.orientation = exif.UPRIGHT
        self.end_missing = False
        self._right = self._bottom = 0

    def declare(self, width: int, height: int) -> None:
        """Set the size in pixels that the header declares, before any frame is counted."""
        self.width, self.height = self._right, self._bottom = width, height
        self._check_canvas()

    def add_frame(self, width: int | None = None, height: int | None = None) -> None:
        """Count one more frame of the given size, by default the size of the canvas."""
        self.add_frames(1, self.width if width is None else width, self.height if height is None else height)

    def add_frames(self, count: int, width: int, height: int) -> None:
        """Count frames of the same size, in pixels.

        Raises Malformed, or PixelLimit if all frames of an animation have too many pixels together.
        """
        if not self.frames and not (self.width and self.height):
            raise Malformed("its width or its height is 0")
        self.frames += count
        self.pixels += count * width * height
        if self.frames > 1 and self.pixels > self.limits.animation_pixels:
            raise PixelLimit(self.pixels, self.limits.animation_pixels, animated=True)

    def reach(self, right: int, bottom: int) -> None:
        """Enlarge the canvas for a frame that ends there. Only the first frame changes width and height."""
        self._right, self._bottom = max(self._right, right), max(self._bottom, bottom)
        if not self.frames:
            self.width, self.height = self._right, self._bottom
        self._check_canvas()

    def add_work(self, samples: int) -> None:
        """Count samples that a decoder has to process. Raises WorkLimit."""
        self.work += samples
        if self.work > self.limits.work:
            raise WorkLimit(self.work, self.limits.work)

    def _check_canvas(self) -> None:
        pixels = self._right * self._bottom
        if pixels > self.limits.pixels:
            raise PixelLimit(pixels, self.limits.pixels, animated=False)
