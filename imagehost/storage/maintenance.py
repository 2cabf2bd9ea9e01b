"""One backup, restore or clean-up at a time, and what is deleted meanwhile kept until it ends."""

import fcntl
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from imagehost.domain.failures import Busy
from imagehost.files.ownership import FILE_MODE, give, make_folder
from imagehost.storage.spool import storage_errors

SECONDS_TO_WAIT = 5
"""For deletions that are just under way; another backup, restore or clean-up takes longer."""


class Maintenance:
    """A lock file: whoever maintains the storage locks it alone, and who deletes looks whether somebody does.

    A deletion commits first and looks then. So whoever holds the lock and reads the rows after that finds the
    bytes of every row: either the row was gone already, or its bytes were retained.

    What is deleted is put into the folder ``retained`` while that is there. Else it waits, empty, under its
    name ``spare``: a full disk has no room to make it.
    """

    def __init__(self, lock: Path, retained: Path, spare: Path) -> None:
        self.lock = lock
        self.retained = retained
        self.spare = spare

    def prepare(self) -> None:
        """Make lock and folder while there is room."""
        if not self.retained.exists():
            make_folder(self.spare)
        self._open().close()

    @contextmanager
    def hold(self, *, retaining: bool) -> Iterator[None]:
        """Hold the lock; at the end, let go of what was retained. Raises Busy where another one holds it."""
        with storage_errors():
            lock = self._open()
        with lock:
            take(lock, fcntl.LOCK_EX)
            if retaining:
                with storage_errors():
                    self._begin_retaining()
            try:
                yield
            finally:
                self._let_go()

    def _begin_retaining(self) -> None:
        if self.retained.is_dir():
            # An earlier holder was killed.
            return
        try:
            self.spare.rename(self.retained)
        except FileNotFoundError:
            make_folder(self.retained)

    def _let_go(self) -> None:
        """Remove what was retained, also what an earlier holder left that was killed."""
        empty(self.spare)
        # At one moment. Where that cannot be done, the next holder does it.
        with suppress(OSError):
            self.retained.rename(self.spare)
        empty(self.spare)

    @contextmanager
    def keep_away(self) -> Iterator[None]:
        """Hold the lock together with others who change nothing. Raises Busy where one holds it alone."""
        with storage_errors():
            lock = self._open()
        with lock:
            take(lock, fcntl.LOCK_SH)
            yield

    def _open(self) -> BinaryIO:
        """Open the lock, on a disk that can only be read, too; make it where there is none."""
        try:
            # Network file systems lock alone only what is open for writing.
            lock: BinaryIO = self.lock.open("r+b")
        except FileNotFoundError:
            lock = self.lock.open("a+b")
        except OSError:
            lock = self.lock.open("rb")
        # Whoever deletes, as another user perhaps, has to open it, too.
        give(lock.fileno(), self.lock.parent, FILE_MODE)
        return lock

    def discard(self, path: Path) -> None:
        """Remove a file, or put it aside while somebody holds the lock; it is no error if it is gone."""
        try:
            lock = self.lock.open("rb")
        except OSError:
            # Nobody ever held it, or it cannot be asked: what is deleted is to go in any case.
            path.unlink(missing_ok=True)
            return
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                self._retain(path)
            else:
                path.unlink(missing_ok=True)

    def _retain(self, path: Path) -> None:
        try:
            path.replace(self.retained / path.name)
        except FileNotFoundError:
            # The file is gone, or nothing is retained, or not any more.
            path.unlink(missing_ok=True)
        else:
            if not (self.retained / path.name).exists():
                # The holder has just let go, and may have emptied the folder before this came into it.
                (self.spare / path.name).unlink(missing_ok=True)


def empty(folder: Path) -> None:
    """Remove what is in a folder, as far as that goes."""
    with suppress(OSError):
        for path in list(folder.iterdir()):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def take(lock: BinaryIO, mode: int) -> None:
    """Lock a file, alone or with others. Raises Busy."""
    deadline = time.monotonic() + SECONDS_TO_WAIT
    while True:
        try:
            fcntl.flock(lock, mode | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise Busy from None
            time.sleep(0.02)
        else:
            return
