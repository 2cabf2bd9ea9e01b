"""Let one backup, restore or clean-up run at a time, and retain images that are deleted meanwhile."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from imagehost.domain.failures import Busy
from imagehost.files import locks
from imagehost.files.ownership import FILE_MODE, give, make_folder
from imagehost.storage.spool import storage_errors

SECONDS_TO_WAIT_FOR_LOCK = 5
"""How long to wait for the lock: deletions in progress end within this time, other maintenance does not."""


class Maintenance:
    """A lock file: maintenance locks it exclusively, and a deletion checks whether it is locked.

    A deletion commits first and checks the lock then. So a process that holds the lock and then reads the
    rows finds the bytes of every row: either the row was removed before, or its bytes were retained.

    Deleted images are moved to the folder ``retained`` while it exists. At other times this folder is empty
    and its name is ``spare``: it always exists, since a full disk may have no space to make it.
    """

    def __init__(self, lock: Path, retained: Path, spare: Path) -> None:
        self.lock = lock
        self.retained = retained
        self.spare = spare

    def prepare(self) -> None:
        """Make the lock file and the folder while there is space."""
        if not self.retained.exists():
            make_folder(self.spare)
        self._open().close()

    @contextmanager
    def hold(self, *, retaining: bool) -> Iterator[None]:
        """Hold the lock, and remove the retained images at the end. Raises Busy if the lock is held."""
        with storage_errors():
            lock = self._open()
        with lock:
            take(lock)
            if retaining:
                with storage_errors():
                    self._begin_retaining()
            try:
                yield
            finally:
                self._let_go()

    def _begin_retaining(self) -> None:
        if self.retained.is_dir():
            # An earlier holder of the lock was killed.
            return
        try:
            self.spare.rename(self.retained)
        except FileNotFoundError:
            make_folder(self.retained)

    def _let_go(self) -> None:
        """Remove the retained images, also those of an earlier holder of the lock that was killed."""
        empty(self.spare)
        # A rename is atomic. If it fails, the next holder of the lock repeats it.
        with suppress(OSError):
            self.retained.rename(self.spare)
        empty(self.spare)

    @contextmanager
    def keep_away(self) -> Iterator[None]:
        """Share the lock with others that change nothing. Raises Busy if it is held exclusively."""
        with storage_errors():
            lock = self._open()
        with lock:
            take(lock, shared=True)
            yield

    def _open(self) -> BinaryIO:
        """Open the lock file, also on a read-only disk. Make it if there is none."""
        try:
            # Network file systems grant an exclusive lock only on a file that is open for writing.
            lock: BinaryIO = self.lock.open("r+b")
        except FileNotFoundError:
            lock = self.lock.open("a+b")
        except OSError:
            lock = self.lock.open("rb")
        # A process that deletes images must be able to open it, too, and may run as another user.
        give(lock.fileno(), self.lock.parent, FILE_MODE)
        return lock

    def discard(self, path: Path) -> None:
        """Remove a file, or retain it while the lock is held. It is no error if the file is gone."""
        try:
            lock = self.lock.open("rb")
        except OSError:
            # The lock was never held, or it cannot be opened. A deleted image must be removed in any case.
            path.unlink(missing_ok=True)
            return
        with lock:
            try:
                locks.lock_file(lock, shared=True, seconds=0)
            except locks.Locked:
                self._retain(path)
            else:
                path.unlink(missing_ok=True)

    def _retain(self, path: Path) -> None:
        try:
            path.replace(self.retained / path.name)
        except FileNotFoundError:
            # The file is gone, or there is no folder of retained images (any more).
            path.unlink(missing_ok=True)
        else:
            if not (self.retained / path.name).exists():
                # The lock was just released, and the folder may have been emptied before the file was moved.
                (self.spare / path.name).unlink(missing_ok=True)


def empty(folder: Path) -> None:
    """Remove the content of a folder. Errors are ignored."""
    with suppress(OSError):
        for path in list(folder.iterdir()):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def take(lock: BinaryIO, *, shared: bool = False) -> None:
    """Lock a file, exclusively or shared. Raises Busy."""
    try:
        locks.lock_file(lock, shared=shared, seconds=SECONDS_TO_WAIT_FOR_LOCK)
    except locks.Locked:
        raise Busy from None
