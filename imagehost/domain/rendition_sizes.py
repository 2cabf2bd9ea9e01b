"""The renditions of an image, and their sizes: smaller pictures, which are made again if they are missing."""

from dataclasses import dataclass

RENDITION_VERSION = 2
"""Increase it if a change of the code changes the renditions: then all are made again."""
RENDITION_FOLDER = f"version-{RENDITION_VERSION}"
FAILED = ".failed"
"""The suffix of the file with the reason why a rendition could not be made."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """A WebP of at most ``side`` × ``side`` pixels."""

    name: str
    side: int
    suffix: str
    """The suffix of its file, after the image's filename."""

    def of(self, filename: str) -> str:
        """Return the name of the file of an image's rendition."""
        return filename + self.suffix


THUMBNAIL = Rendition("thumbnail", 320, ".webp")
PREVIEWS = {side: Rendition("preview", side, f".{side}.webp") for side in (720, 1280)}
"""The previews by their side in pixels: one for phones, and one for larger screens."""
ALL = (THUMBNAIL, *PREVIEWS.values())
"""All renditions that an image may have. They are deleted with it."""


def rendition_names(filename: str) -> list[str]:
    """Return the names of all files that an image's renditions may have."""
    names = [rendition.of(filename) for rendition in ALL]
    return names + [name + FAILED for name in names]
