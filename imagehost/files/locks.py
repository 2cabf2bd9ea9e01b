"""Locks between processes, on open files and on folders. The kernel releases them when a process ends."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

SECONDS_BETWEEN_TRIES = 0.02


class Locked(Exception):
    """Another process holds the lock."""


def lock_file(file: BinaryIO | int, *, shared: bool = False, seconds: float | None = None) -> None:
    """Lock an open file until it is closed.

    Args:
        file: the file, or its descriptor.
        shared: whether other processes may hold a shared lock at the same time.
        seconds: the longest wait for the lock. None means no limit.

    Raises:
        Locked: if the lock is not free in time.
    """
    mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    if seconds is None:
        fcntl.flock(file, mode)
        return
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(file, mode | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise Locked from None
            time.sleep(SECONDS_BETWEEN_TRIES)
        else:
            return


@contextmanager
def locked_folder(folder: Path, seconds: float | None = None) -> Iterator[None]:
    """Hold the lock of a folder. Raises Locked like ``lock_file``, and OSError if it cannot be opened."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        lock_file(descriptor, seconds=seconds)
        yield
    finally:
        os.close(descriptor)
