"""One backup, restore or clean-up at a time, and what is deleted meanwhile kept until it ends."""

import fcntl
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from imagehost.failures import Busy

SECONDS_TO_WAIT = 5
"""For deletions that are just under way; another backup, restore or clean-up takes longer."""


class Maintenance:
    """A lock file: whoever maintains the storage locks it alone, and who deletes looks whether somebody does.

    A deletion commits first and looks then. So whoever holds the lock and reads the rows after that finds the
    bytes of every row: either the row was gone already, or its bytes were retained.
    """

    def __init__(self, lock: Path, retained: Path) -> None:
        self.lock = lock
        self.retained = retained

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the lock; at the end, let go of what was retained. Raises Busy where another one holds it."""
        with self.lock.open("ab") as lock:
            take(lock, fcntl.LOCK_EX)
            self.retained.mkdir(exist_ok=True)
            try:
                yield
            finally:
                self._let_go()

    def _let_go(self) -> None:
        """Remove what was retained, also what an earlier holder left that was killed."""
        old = self.retained.with_name(f"{self.retained.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        # At one moment: a deletion finds the folder, and what it puts there goes now, or does not find it.
        # Where that cannot be done, the next holder does it.
        with suppress(OSError):
            self.retained.rename(old)
        shutil.rmtree(old, ignore_errors=True)

    @contextmanager
    def keep_away(self) -> Iterator[None]:
        """Hold the lock together with others who change nothing. Raises Busy where one holds it alone."""
        with self.lock.open("ab") as lock:
            take(lock, fcntl.LOCK_SH)
            yield

    def discard(self, path: Path) -> None:
        """Remove a file, or put it aside while somebody holds the lock; it is no error if it is gone."""
        try:
            lock = self.lock.open("rb")
        except FileNotFoundError:
            # Nobody ever held it; and where the disk is full, none can be made.
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
            # The file is gone, or whoever held the lock has just let go of all that was retained.
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
