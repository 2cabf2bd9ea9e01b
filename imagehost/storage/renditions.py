"""What an image may have beside its bytes: smaller pictures, made anew wherever one is missing."""

from dataclasses import dataclass

VERSION = 2
"""Raise it whenever renditions come out differently: all are made again then."""
FOLDER = f"version-{VERSION}"
FAILED = ".failed"
"""Suffix of the file that says why a rendition could not be made."""


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
PREVIEWS = {side: Rendition("preview", side, f".{side}.webp") for side in (720, 1280)}
"""By their sides: for a phone, and for a screen."""
ALL = (THUMBNAIL, *PREVIEWS.values())
"""Those that go with their image."""


def beside(filename: str) -> list[str]:
    """Name all files that may be there of an image's renditions."""
    names = [rendition.of(filename) for rendition in ALL]
    return names + [name + FAILED for name in names]
