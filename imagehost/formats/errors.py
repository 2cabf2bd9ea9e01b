"""What can be wrong with a picture file."""


class Malformed(Exception):
    """The file is truncated or broken; the message continues "photo.jpg is damaged: "."""


class TooManyParts(Malformed):
    """The file is cut into so many parts that walking it costs too much."""


class PixelLimit(Exception):
    """The picture declares more pixels than a limit.

    Args:
        pixels: how many it declares at least.
        limit: how many are allowed.
        animated: whether all frames of an animation are meant, instead of the canvas of one picture.
    """

    def __init__(self, pixels: int, limit: int, *, animated: bool) -> None:
        super().__init__(f"it has {pixels} pixels and at most {limit} are allowed")
        self.pixels = pixels
        self.limit = limit
        self.animated = animated


class WorkLimit(Exception):
    """Decoding the picture once would cost more work than the limit, which is counted in samples."""

    def __init__(self, work: int, limit: int) -> None:
        super().__init__(f"it takes {work} samples to decode and at most {limit} are allowed")
        self.work = work
        self.limit = limit
