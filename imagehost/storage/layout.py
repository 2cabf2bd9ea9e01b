"""The paths of images and renditions in the folder of the storage on disk."""

import re
from pathlib import Path

from imagehost.domain import rendition_sizes
from imagehost.domain.kinds import KINDS

MARKER = ".imagehost"
INCOMING = ".incoming"
RENDITIONS = ".renditions"
LOCKS = ".locks"
DELETED_FOLDER = ".deleted"
GOING = f"{DELETED_FOLDER}.old"
"""Holds deleted images while they are being removed. Otherwise empty, ready to become DELETED_FOLDER."""
OWN_ENTRIES = {MARKER, INCOMING, RENDITIONS, LOCKS, DELETED_FOLDER, GOING}

SHELF = re.compile("[a-z0-9]{2}")
"""The name of a folder of images or renditions: the first two letters of their names."""
RENDITION_VERSION_FOLDER = re.compile("version-[0-9]+")
"""The name of a folder of all renditions of one version of the renderer."""
STORED_FILENAME = re.compile(rf"[a-z0-9]{{16,}}\.(?:{'|'.join(KINDS)})")


class Layout:
    """``<folder>/<first two letters>/<filename>``; all that is not an image is in dot-folders."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, filename: str) -> Path:
        """Return the path of an image's bytes."""
        return self.folder / filename[:2] / filename

    def rendition_path(self, name: str) -> Path:
        """Return the path of a rendition."""
        return self.folder / RENDITIONS / rendition_sizes.RENDITION_FOLDER / name[:2] / name

    def rendition_paths(self, filename: str) -> list[str]:
        """Return all possible paths of an image's renditions, also from before renditions had versions."""
        shelves = (
            f"{self.folder}/{RENDITIONS}/{rendition_sizes.RENDITION_FOLDER}/",
            f"{self.folder}/{RENDITIONS}/",
        )
        return [
            f"{top}{filename[:2]}/{name}"
            for top in shelves
            for name in rendition_sizes.rendition_names(filename)
        ]


def rendered(name: str) -> str | None:
    """Return the filename of the image that a rendition's name belongs to; None if it is not such a name."""
    name = name.removesuffix(rendition_sizes.FAILED)
    for rendition in rendition_sizes.ALL:
        filename = name.removesuffix(rendition.suffix)
        if name == rendition.of(filename) and STORED_FILENAME.fullmatch(filename):
            return filename
    return None
