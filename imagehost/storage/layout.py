"""Where each thing is in the folder of the storage on disk."""

import re
from pathlib import Path

from imagehost.domain.kinds import KINDS
from imagehost.storage import renditions

MARKER = ".imagehost"
INCOMING = ".incoming"
RENDITIONS = ".renditions"
LOCKS = ".locks"
DELETED = ".deleted"
GOING = f"{DELETED}.old"
"""What is just being removed of that; else empty, and ready to become it."""
OURS = {MARKER, INCOMING, RENDITIONS, LOCKS, DELETED, GOING}

SHELF = re.compile("[a-z0-9]{2}")
"""A folder of images, or of renditions, that begin so."""
VERSION = re.compile("version-[0-9]+")
"""A folder of such folders of renditions, all made by one version of the renderer."""
FILENAME = re.compile(rf"[a-z0-9]{{16,}}\.(?:{'|'.join(KINDS)})")


class Layout:
    """``<folder>/<first two letters>/<filename>``; all that is not an image is in dot-folders."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, filename: str) -> Path:
        """Say where an image's bytes are."""
        return self.folder / filename[:2] / filename

    def rendition_path(self, name: str) -> Path:
        """Say where a rendition is."""
        return self.folder / RENDITIONS / renditions.FOLDER / name[:2] / name

    def rendition_paths(self, filename: str) -> list[str]:
        """Say where all may be that was made of an image, also before renditions had versions."""
        shelves = (f"{self.folder}/{RENDITIONS}/{renditions.FOLDER}/", f"{self.folder}/{RENDITIONS}/")
        return [f"{top}{filename[:2]}/{name}" for top in shelves for name in renditions.beside(filename)]


def rendered(name: str) -> str | None:
    """Tell by a rendition's name of which image it is; None where it is no such name."""
    name = name.removesuffix(renditions.FAILED)
    for rendition in renditions.ALL:
        filename = name.removesuffix(rendition.suffix)
        if name == rendition.of(filename) and FILENAME.fullmatch(filename):
            return filename
    return None
