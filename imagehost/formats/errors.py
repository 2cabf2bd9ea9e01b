"""Exceptions for picture files that are refused."""


class Malformed(Exception):
    """The file is truncated or broken; the message continues "photo.jpg is damaged: "."""


class TooManyParts(Malformed):
    """The file is cut into so many parts that walking it costs too much."""


class PixelLimit(Exception):
    """The picture declares more pixels than a limit.

    Args:
        pixels: the number of pixels that it declares at least.
        limit: the number of allowed pixels.
        animated: True if both numbers are for all frames of an animation, False if they are for one canvas.
    """

    def __init__(self, pixels: int, limit: int, *, animated: bool) -> None:
        super().__init__(f"it has {pixels} pixels and at most {limit} are allowed")
        self.pixels = pixels
        self.limit = limit
        self.animated = animated


class WorkLimit(Exception):
    """Decoding the picture once would take more work than the limit. Both are counted in samples."""

    def __init__(self, work: int, limit: int) -> None:
        super().__init__(f"it takes {work} samples to decode and at most {limit} are allowed")
        self.work = work
        self.limit = limit
