"""The storage on disk: images are ``<folder>/<first two letters>/<filename>``, the rest is in dot-folders."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from imagehost.domain.errors import NotFound, Unavailable
from imagehost.files.atomic_files import flush_folder, replacing
from imagehost.files.ownership import FILE_MODE, OTHER_USERS, give, make_folder, shut
from imagehost.storage.inventory import Inventory
from imagehost.storage.layout import DELETED_FOLDER, GOING, INCOMING, LOCKS, MARKER, RENDITIONS
from imagehost.storage.maintenance import Maintenance
from imagehost.storage.spool import Incoming, storage_errors


class DiskStorage(Inventory):
    """The storage on a local or mounted file system."""

    def __init__(self, folder: Path, max_size: int) -> None:
        super().__init__(folder)
        self.max_size = max_size
        self._maintenance = Maintenance(
            folder / LOCKS / "maintenance", folder / DELETED_FOLDER, folder / GOING
        )
        self._durable: set[str] = set()

    def is_ready(self) -> bool:
        """Tell whether the marker exists."""
        with storage_errors():
            return (self.folder / MARKER).exists()

    def initialise(self) -> None:
        """Make the folders, then the marker."""
        with storage_errors():
            for name in (INCOMING, RENDITIONS, LOCKS):
                make_folder(self.folder / name)
            self._maintenance.prepare()
            (self.folder / MARKER).touch(FILE_MODE)
            give(self.folder / MARKER, self.folder, FILE_MODE)
            flush_folder(self.folder)

    def close_to_others(self) -> None:
        """Remove the rights that older releases gave other users.

        A marker without these rights means that this was done. Without a marker, the volume is not mounted,
        and the files in its place do not belong to this program.
        """
        marker = self.folder / MARKER
        with storage_errors():
            if not marker.exists() or not marker.stat().st_mode & OTHER_USERS:
                return
        for folder, folders, files in os.walk(self.folder):
            for name in (*folders, *files):
                if name != MARKER:
                    shut(f"{folder}/{name}")
        shut(marker)

    def receive(self, *, unlimited: bool = False) -> Incoming:
        """Open a temporary file on the file system where it will be published."""
        return Incoming(self.folder / INCOMING, sys.maxsize if unlimited else self.max_size)

    def publish(self, incoming: Incoming, filename: str) -> None:
        """Link the bytes into place and flush the folder."""
        path = self.path(filename)
        with storage_errors():
            self._make_durable(path.parent)
            incoming.link(path)
            flush_folder(path.parent)

    def _make_durable(self, folder: Path) -> None:
        """Flush a folder's name to disk, so that it survives a power failure. Make the folder if necessary.

        An existing folder may not be flushed yet: another process may have made it a moment ago. So each
        process flushes once, for all folders that exist at that time.
        """
        try:
            folder.mkdir()
        except FileExistsError:
            if folder.name in self._durable:
                return
        else:
            give(folder, self.folder)
        there = os.listdir(self.folder)  # noqa: PTH208  # only the names are needed
        flush_folder(self.folder)
        self._durable.update(there)

    def open(self, filename: str) -> BinaryIO:
        """Open an image for reading."""
        return self._open(self.path(filename))

    def _open(self, path: Path) -> BinaryIO:
        """Open a file for reading. Raises NotFound, or Unavailable if the whole volume is missing."""
        with storage_errors():
            try:
                return path.open("rb")
            except FileNotFoundError:
                if not self.is_ready():
                    raise Unavailable("storage") from None
                raise NotFound from None

    def open_retained(self, filename: str) -> BinaryIO:
        """Open an image, also if it was deleted after maintenance began."""
        try:
            return self.open(filename)
        except NotFound:
            return self._open(self.folder / DELETED_FOLDER / filename)

    @contextmanager
    def maintaining(self, *, retaining: bool = True) -> Iterator[None]:
        """Hold the storage for a backup, a restore or a clean-up. Raises Busy, Unavailable."""
        if not self.is_ready():
            raise Unavailable("storage")
        with self._maintenance.hold(retaining=retaining):
            yield

    @contextmanager
    def inspecting(self) -> Iterator[None]:
        """Exclude backups, restores and clean-ups. Raises Busy, Unavailable."""
        if not self.is_ready():
            raise Unavailable("storage")
        with self._maintenance.keep_away():
            yield

    def exists(self, filename: str) -> bool:
        """Tell whether there is an image file of this name."""
        with storage_errors():
            return self.path(filename).exists()

    def delete(self, filename: str) -> None:
        """Remove the image first: a request that is rendering it checks afterwards whether it exists."""
        with storage_errors():
            self._maintenance.discard(self.path(filename))
            for path in self.rendition_paths(filename):
                with suppress(FileNotFoundError):
                    os.unlink(path)  # noqa: PTH108  # creating a Path takes longer than the system call

    def open_rendition(self, name: str) -> BinaryIO:
        """Open a rendition for reading."""
        return self._open(self.rendition_path(name))

    def publish_rendition(self, name: str, content: bytes) -> None:
        """Write a rendition to the folder of incoming files, then rename it to its final path."""
        path = self.rendition_path(name)
        draft = self.folder / INCOMING / f"{name}.{os.getpid()}.{threading.get_ident()}"
        with storage_errors():
            make_folder(path.parent)
            # Without the flush, a power failure may leave an empty rendition, which would not be made again.
            with replacing(path, draft=draft, flush=True) as file:
                file.write(content)

    def delete_rendition(self, name: str) -> None:
        """Remove a rendition."""
        with storage_errors():
            self.rendition_path(name).unlink(missing_ok=True)
