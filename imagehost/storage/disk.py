"""Bytes in a folder: ``<folder>/<first two letters>/<filename>``, all that is not an image in dot-folders."""

import fcntl
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from imagehost.errors import NotFound
from imagehost.storage.incoming import Incoming, storage_errors

MARKER = ".imagehost"
INCOMING = ".incoming"
RENDITIONS = ".renditions"
LOCKS = ".locks"


class DiskStorage:
    """The storage on a local or mounted file system."""

    def __init__(self, folder: Path, max_size: int) -> None:
        self.folder = folder
        self.max_size = max_size
        self._durable: set[Path] = set()

    def is_ready(self) -> bool:
        """Tell whether the marker is there."""
        with storage_errors():
            return (self.folder / MARKER).exists()

    def initialise(self) -> None:
        """Make the folders, then the marker."""
        with storage_errors():
            for name in (INCOMING, RENDITIONS, LOCKS):
                (self.folder / name).mkdir(parents=True, exist_ok=True)
            (self.folder / MARKER).touch()
            flush_folder(self.folder)

    def receive(self) -> Incoming:
        """Open a temporary file next to where it will be published."""
        return Incoming(self.folder / INCOMING, self.max_size)

    def publish(self, incoming: Incoming, filename: str) -> None:
        """Link the bytes into place and flush the folder."""
        path = self.path(filename)
        with storage_errors():
            self._make_durable(path.parent)
            incoming.link(path)
            flush_folder(path.parent)

    def _make_durable(self, folder: Path) -> None:
        """Let a folder's name survive a power failure.

        That it is there says nothing: who made it may be about to flush. So each process does, once a folder.
        """
        try:
            folder.mkdir()
        except FileExistsError:
            if folder in self._durable:
                return
        flush_folder(self.folder)
        self._durable.add(folder)

    def open(self, filename: str) -> BinaryIO:
        """Open an image for reading."""
        return open_existing(self.path(filename))

    def exists(self, filename: str) -> bool:
        """Tell whether there are bytes of that name."""
        with storage_errors():
            return self.path(filename).exists()

    def delete(self, filename: str) -> None:
        """Remove the bytes first: whoever renders them just now looks for them again when done."""
        with storage_errors():
            self.path(filename).unlink(missing_ok=True)
        self.delete_rendition(f"{filename}.webp")

    def open_rendition(self, name: str) -> BinaryIO:
        """Open a rendition for reading."""
        return open_existing(self.rendition_path(name))

    def publish_rendition(self, name: str, content: bytes) -> None:
        """Write a rendition beside its place, then move it there."""
        path = self.rendition_path(name)
        draft = path.with_name(f".{name}.{os.getpid()}")
        with storage_errors():
            path.parent.mkdir(exist_ok=True)
            try:
                with draft.open("wb") as file:
                    file.write(content)
                    file.flush()
                    # Without it a power failure may leave an empty thumbnail, and nobody would make it anew.
                    os.fsync(file.fileno())
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)

    def delete_rendition(self, name: str) -> None:
        """Remove a rendition."""
        with storage_errors():
            self.rendition_path(name).unlink(missing_ok=True)

    @contextmanager
    def rendering(self, filename: str) -> Iterator[None]:
        """Lock one of as many files as there are cores: all processes together decode no more at once."""
        place = zlib.crc32(filename.encode()) % (os.cpu_count() or 1)
        with storage_errors():
            lock = (self.folder / LOCKS / str(place)).open("wb")
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def path(self, filename: str) -> Path:
        """Say where an image's bytes are."""
        return self.folder / filename[:2] / filename

    def rendition_path(self, name: str) -> Path:
        """Say where a rendition is."""
        return self.folder / RENDITIONS / name[:2] / name


def open_existing(path: Path) -> BinaryIO:
    """Open a file for reading; NotFound where there is none."""
    with storage_errors():
        try:
            return path.open("rb")
        except FileNotFoundError:
            raise NotFound from None


def flush_folder(folder: Path) -> None:
    """Let the names in a folder survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
