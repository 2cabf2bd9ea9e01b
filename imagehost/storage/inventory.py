"""What is really there, for clean-up: looked at without opening anything, and without following a link."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from operator import attrgetter
from pathlib import Path

from imagehost.storage.layout import (
    DELETED,
    FILENAME,
    GOING,
    INCOMING,
    OURS,
    RENDITIONS,
    SHELF,
    VERSION,
    Layout,
    rendered,
)
from imagehost.storage.renditions import FOLDER
from imagehost.storage.spool import storage_errors


class Place(Enum):
    """What something is, as far as its place and name tell."""

    IMAGE = auto()
    RENDITION = auto()
    """A rendition, or the file that says why there is none."""
    OUTDATED = auto()
    """A rendition of another version of the renderer."""
    INCOMING = auto()
    """On its way in, or left over from that."""
    DELETED = auto()
    """Deleted while the storage was maintained."""
    FOREIGN = auto()
    """None of ours."""


LEFT_OVER = ((Place.INCOMING, INCOMING), (Place.DELETED, DELETED), (Place.DELETED, GOING))


@dataclass(frozen=True, slots=True)
class Item:
    """Something in the storage: ``path`` is relative to it, ``image`` the filename that it belongs to."""

    place: Place
    path: str
    image: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at an item told: bytes, when it last changed in any way, whether it is a plain file."""

    size: int
    changed: float
    is_file: bool


class Inventory(Layout):
    """A part of the storage on disk."""

    def inventory(self) -> Iterator[list[Item]]:
        """Go through all that is there; what belongs to one image comes together."""
        with storage_errors():
            top = scan(self.folder, follow=True)
            versions = scan(self.folder / RENDITIONS)
            renditions = scan(self.folder / RENDITIONS / FOLDER)
            yield [self._foreign(entry) for entry in top if entry.name not in OURS and not is_shelf(entry)]
            yield [
                self._foreign(entry) for entry in versions if not is_shelf(entry) and not is_version(entry)
            ]
            yield [self._foreign(entry) for entry in renditions if not is_shelf(entry)]
            for entry in versions:
                yield from self._outdated(entry)
            for place, name in LEFT_OVER:
                yield [self._plain(entry, place) for entry in scan(self.folder / name)]
            for shelf in sorted({entry.name for entry in (*top, *renditions) if is_shelf(entry)}):
                yield [*self._images(shelf), *self._renditions(shelf)]

    def look(self, item: Item) -> Look | None:
        """Look at an item; None where it is gone."""
        with storage_errors():
            try:
                found = (self.folder / item.path).lstat()
            except (FileNotFoundError, NotADirectoryError):
                return None
        # Not when it was written: what was copied here with its old time is young all the same.
        return Look(found.st_size, found.st_ctime, stat.S_ISREG(found.st_mode))

    def look_at(self, filename: str) -> Look | None:
        """Look at an image's bytes; None where there are none."""
        return self.look(Item(Place.IMAGE, f"{filename[:2]}/{filename}", filename))

    def remove(self, item: Item) -> None:
        """Remove an item; it is no error if it is gone."""
        path = self.folder / item.path
        with storage_errors():
            path.unlink(missing_ok=True)
        if item.place is Place.OUTDATED:
            # Nothing new comes into these folders, so the last file takes them along.
            with suppress(OSError):
                for folder in path.parents:
                    if folder == self.folder / RENDITIONS:
                        break
                    folder.rmdir()

    def _images(self, shelf: str) -> Iterator[Item]:
        for entry in scan(self.folder / shelf):
            ours = entry.name.startswith(shelf) and FILENAME.fullmatch(entry.name)
            yield self._plain(entry, Place.IMAGE, entry.name) if ours else self._foreign(entry)

    def _renditions(self, shelf: str) -> Iterator[Item]:
        yield from self._rendered(self.folder / RENDITIONS / FOLDER / shelf, Place.RENDITION)

    def _outdated(self, entry: os.DirEntry[str]) -> Iterator[list[Item]]:
        """Go through what another version of the renderer left, or what came before there were versions."""
        if is_shelf(entry):
            yield list(self._rendered(Path(entry.path), Place.OUTDATED))
        elif is_version(entry) and entry.name != FOLDER:
            for shelf in scan(Path(entry.path)):
                yield from self._outdated(shelf)

    def _rendered(self, shelf: Path, place: Place) -> Iterator[Item]:
        for entry in scan(shelf):
            image = rendered(entry.name) if entry.name.startswith(shelf.name) else None
            # What is outdated goes, whether its image is there or not.
            owner = "" if image is None or place is Place.OUTDATED else image
            yield self._plain(entry, place, owner) if image else self._foreign(entry)

    def _plain(self, entry: os.DirEntry[str], place: Place, image: str = "") -> Item:
        """Say what a file is; a link, a folder or a pipe is none of ours, whatever it is called."""
        is_file = entry.is_file(follow_symlinks=False)
        return Item(place, self._relative(entry), image) if is_file else self._foreign(entry)

    def _foreign(self, entry: os.DirEntry[str]) -> Item:
        return Item(Place.FOREIGN, self._relative(entry))

    def _relative(self, entry: os.DirEntry[str]) -> str:
        return entry.path.removeprefix(str(self.folder)).lstrip("/")


def scan(folder: Path, *, follow: bool = False) -> list[os.DirEntry[str]]:
    """List a folder by name; one that is gone, or no folder at all, is as good as empty."""
    if folder.is_symlink() and not follow:
        return []
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=attrgetter("name"))
    except (FileNotFoundError, NotADirectoryError):
        return []


def is_version(entry: os.DirEntry[str]) -> bool:
    """Tell whether it is a folder of all renditions of one version."""
    return bool(VERSION.fullmatch(entry.name)) and entry.is_dir(follow_symlinks=False)


def is_shelf(entry: os.DirEntry[str]) -> bool:
    """Tell whether it is a folder of images or renditions."""
    return bool(SHELF.fullmatch(entry.name)) and entry.is_dir(follow_symlinks=False)
