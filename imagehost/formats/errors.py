"""What can be wrong with a picture file."""


class Malformed(Exception):
    """The file is truncated or broken; the message continues "photo.jpg is damaged: "."""


class PixelLimit(Exception):
    """The picture declares more pixels than the limit."""

    def __init__(self, pixels: int, limit: int) -> None:
        super().__init__(f"it has {pixels} pixels and at most {limit} are allowed")
        self.pixels = pixels
        self.limit = limit
