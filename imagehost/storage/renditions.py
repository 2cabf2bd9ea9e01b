"""What an image may have beside its bytes: smaller pictures, made anew wherever one is missing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rendition:
    """A WebP of at most ``side`` × ``side`` pixels."""

    name: str
    side: int
    suffix: str
    """What its file is called, after the image's filename."""

    def of(self, filename: str) -> str:
        """Name the file of an image's rendition."""
        return filename + self.suffix


THUMBNAIL = Rendition("thumbnail", 320, ".webp")
PREVIEW = Rendition("preview", 1280, ".1280.webp")
ALL = (THUMBNAIL, PREVIEW)
"""Those that go with their image."""
