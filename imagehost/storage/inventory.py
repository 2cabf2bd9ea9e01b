"""List the files that are in the storage, for clean-up, without opening them and without following links."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from operator import attrgetter
from pathlib import Path

from imagehost.domain.rendition_sizes import RENDITION_FOLDER
from imagehost.storage.layout import (
    DELETED_FOLDER,
    GOING,
    INCOMING,
    OWN_ENTRIES,
    RENDITION_VERSION_FOLDER,
    RENDITIONS,
    SHELF,
    STORED_FILENAME,
    Layout,
    rendered,
)
from imagehost.storage.spool import storage_errors


class StoredPlace(Enum):
    """The type of an item, according to its folder and name."""

    IMAGE = auto()
    RENDITION = auto()
    """A rendition, or the file with the reason why there is none."""
    OUTDATED = auto()
    """A rendition of another version of the renderer."""
    INCOMING = auto()
    """A temporary file of an upload in progress or of an interrupted one."""
    DELETED = auto()
    """An image that was deleted during maintenance."""
    FOREIGN = auto()
    """Not a file of this program."""


LEFT_OVER = (
    (StoredPlace.INCOMING, INCOMING),
    (StoredPlace.DELETED, DELETED_FOLDER),
    (StoredPlace.DELETED, GOING),
)


@dataclass(frozen=True, slots=True)
class StoredItem:
    """An item in the storage: ``path`` is relative to the storage, ``image`` is the filename of its image."""

    place: StoredPlace
    path: str
    image: str = ""


@dataclass(frozen=True, slots=True)
class StoredFacts:
    """The facts about an item: size in bytes, last change of any kind (Unix seconds), plain file or not."""

    size: int
    changed: float
    is_file: bool


class Inventory(Layout):
    """The part of ``DiskStorage`` that lists, inspects and removes items."""

    def inventory(self) -> Iterator[list[StoredItem]]:
        """Yield all items in the storage. Items of one image are in the same list."""
        with storage_errors():
            top = scan(self.folder, follow=True)
            versions = scan(self.folder / RENDITIONS)
            renditions = scan(self.folder / RENDITIONS / RENDITION_FOLDER)
            yield [
                self._foreign(entry) for entry in top if entry.name not in OWN_ENTRIES and not is_shelf(entry)
            ]
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

    def look(self, item: StoredItem) -> StoredFacts | None:
        """Return the facts about an item, or None if it is gone."""
        with storage_errors():
            try:
                found = (self.folder / item.path).lstat()
            except (FileNotFoundError, NotADirectoryError):
                return None
        # ctime and not mtime: a file that was copied here with its old mtime is young, too.
        return StoredFacts(found.st_size, found.st_ctime, stat.S_ISREG(found.st_mode))

    def look_at(self, filename: str) -> StoredFacts | None:
        """Return the facts about an image's file, or None if there is none."""
        return self.look(StoredItem(StoredPlace.IMAGE, f"{filename[:2]}/{filename}", filename))

    def remove(self, item: StoredItem) -> None:
        """Remove an item. It is no error if it is gone."""
        path = self.folder / item.path
        with storage_errors():
            path.unlink(missing_ok=True)
        if item.place is StoredPlace.OUTDATED:
            # No new files are written to these folders, so remove them with their last file.
            with suppress(OSError):
                for folder in path.parents:
                    if folder == self.folder / RENDITIONS:
                        break
                    folder.rmdir()

    def _images(self, shelf: str) -> Iterator[StoredItem]:
        for entry in scan(self.folder / shelf):
            ours = entry.name.startswith(shelf) and STORED_FILENAME.fullmatch(entry.name)
            yield self._plain(entry, StoredPlace.IMAGE, entry.name) if ours else self._foreign(entry)

    def _renditions(self, shelf: str) -> Iterator[StoredItem]:
        yield from self._rendered(self.folder / RENDITIONS / RENDITION_FOLDER / shelf, StoredPlace.RENDITION)

    def _outdated(self, entry: os.DirEntry[str]) -> Iterator[list[StoredItem]]:
        """Yield renditions of another version of the renderer, or from before there were versions."""
        if is_shelf(entry):
            yield list(self._rendered(Path(entry.path), StoredPlace.OUTDATED))
        elif is_version(entry) and entry.name != RENDITION_FOLDER:
            for shelf in scan(Path(entry.path)):
                yield from self._outdated(shelf)

    def _rendered(self, shelf: Path, place: StoredPlace) -> Iterator[StoredItem]:
        for entry in scan(shelf):
            image = rendered(entry.name) if entry.name.startswith(shelf.name) else None
            # Outdated renditions are removed whether their image exists or not.
            owner = "" if image is None or place is StoredPlace.OUTDATED else image
            yield self._plain(entry, place, owner) if image else self._foreign(entry)

    def _plain(self, entry: os.DirEntry[str], place: StoredPlace, image: str = "") -> StoredItem:
        """Return the item of a file. A link, a folder or a pipe is foreign, even if its name fits."""
        is_file = entry.is_file(follow_symlinks=False)
        return StoredItem(place, self._relative(entry), image) if is_file else self._foreign(entry)

    def _foreign(self, entry: os.DirEntry[str]) -> StoredItem:
        return StoredItem(StoredPlace.FOREIGN, self._relative(entry))

    def _relative(self, entry: os.DirEntry[str]) -> str:
        return entry.path.removeprefix(str(self.folder)).lstrip("/")


def scan(folder: Path, *, follow: bool = False) -> list[os.DirEntry[str]]:
    """Return the entries of a folder, sorted by name. The list is empty if there is no such folder."""
    if folder.is_symlink() and not follow:
        return []
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=attrgetter("name"))
    except (FileNotFoundError, NotADirectoryError):
        return []


def is_version(entry: os.DirEntry[str]) -> bool:
    """Tell whether an entry is the folder of all renditions of one version."""
    return bool(RENDITION_VERSION_FOLDER.fullmatch(entry.name)) and entry.is_dir(follow_symlinks=False)


def is_shelf(entry: os.DirEntry[str]) -> bool:
    """Tell whether an entry is a folder of images or renditions."""
    return bool(SHELF.fullmatch(entry.name)) and entry.is_dir(follow_symlinks=False)
