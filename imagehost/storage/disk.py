"""Bytes in a folder: ``<folder>/<first two letters>/<filename>``, all that is not an image in dot-folders."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from imagehost.domain.errors import NotFound, Unavailable
from imagehost.files.ownership import FILE_MODE, OTHERS, give, make_folder, shut
from imagehost.storage.inventory import Inventory
from imagehost.storage.layout import DELETED, GOING, INCOMING, LOCKS, MARKER, RENDITIONS
from imagehost.storage.maintenance import Maintenance
from imagehost.storage.spool import Incoming, storage_errors


class DiskStorage(Inventory):
    """The storage on a local or mounted file system."""

    def __init__(self, folder: Path, max_size: int) -> None:
        super().__init__(folder)
        self.max_size = max_size
        self._maintenance = Maintenance(folder / LOCKS / "maintenance", folder / DELETED, folder / GOING)
        self._durable: set[str] = set()

    def is_ready(self) -> bool:
        """Tell whether the marker is there."""
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
        """Remove the rights that older releases gave other users. A marker without these rights means: done.

        Without a marker, the volume is not mounted, and the files in its place do not belong to this program.
        """
        marker = self.folder / MARKER
        with storage_errors():
            if not marker.exists() or not marker.stat().st_mode & OTHERS:
                return
        for folder, folders, files in os.walk(self.folder):
            for name in (*folders, *files):
                if name != MARKER:
                    shut(f"{folder}/{name}")
        shut(marker)

    def receive(self, *, unlimited: bool = False) -> Incoming:
        """Open a temporary file next to where it will be published."""
        return Incoming(self.folder / INCOMING, sys.maxsize if unlimited else self.max_size)

    def publish(self, incoming: Incoming, filename: str) -> None:
        """Link the bytes into place and flush the folder."""
        path = self.path(filename)
        with storage_errors():
            self._make_durable(path.parent)
            incoming.link(path)
            flush_folder(path.parent)

    def _make_durable(self, folder: Path) -> None:
        """Let a folder's name survive a power failure.

        That it is there says nothing: who made it may be about to flush. So each process does, for all that
        it finds by then.
        """
        try:
            folder.mkdir()
        except FileExistsError:
            if folder.name in self._durable:
                return
        else:
            give(folder, self.folder)
        there = os.listdir(self.folder)  # noqa: PTH208  # names are all that is wanted
        flush_folder(self.folder)
        self._durable.update(there)

    def open(self, filename: str) -> BinaryIO:
        """Open an image for reading."""
        return self._open(self.path(filename))

    def _open(self, path: Path) -> BinaryIO:
        """Open a file for reading; what a missing volume would hold is not called missing."""
        with storage_errors():
            try:
                return path.open("rb")
            except FileNotFoundError:
                if not self.is_ready():
                    raise Unavailable("storage") from None
                raise NotFound from None

    def open_retained(self, filename: str) -> BinaryIO:
        """Open an image that may have been deleted since maintenance began."""
        try:
            return self.open(filename)
        except NotFound:
            return self._open(self.folder / DELETED / filename)

    @contextmanager
    def maintaining(self, *, retaining: bool = True) -> Iterator[None]:
        """Hold the storage for a backup, a restore or a clean-up."""
        if not self.is_ready():
            raise Unavailable("storage")
        with self._maintenance.hold(retaining=retaining):
            yield

    @contextmanager
    def inspecting(self) -> Iterator[None]:
        """Keep backups, restores and clean-ups away."""
        if not self.is_ready():
            raise Unavailable("storage")
        with self._maintenance.keep_away():
            yield

    def exists(self, filename: str) -> bool:
        """Tell whether there are bytes of that name."""
        with storage_errors():
            return self.path(filename).exists()

    def delete(self, filename: str) -> None:
        """Remove the bytes first: whoever renders them just now looks for them again when done."""
        with storage_errors():
            self._maintenance.discard(self.path(filename))
            for path in self.rendition_paths(filename):
                with suppress(FileNotFoundError):
                    os.unlink(path)  # noqa: PTH108  # a Path would take longer than the kernel

    def open_rendition(self, name: str) -> BinaryIO:
        """Open a rendition for reading."""
        return self._open(self.rendition_path(name))

    def publish_rendition(self, name: str, content: bytes) -> None:
        """Write a rendition where unfinished things are, then move it to its place."""
        path = self.rendition_path(name)
        draft = self.folder / INCOMING / f"{name}.{os.getpid()}.{threading.get_ident()}"
        with storage_errors():
            make_folder(path.parent)
            try:
                with draft.open("wb") as file:
                    os.fchmod(file.fileno(), FILE_MODE)
                    give(file.fileno(), self.folder, FILE_MODE)
                    file.write(content)
                    file.flush()
                    # Without it a power failure may leave an empty rendition, and nobody would make it anew.
                    os.fsync(file.fileno())
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)

    def delete_rendition(self, name: str) -> None:
        """Remove a rendition."""
        with storage_errors():
            self.rendition_path(name).unlink(missing_ok=True)


def flush_folder(folder: Path) -> None:
    """Let the names in a folder survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
