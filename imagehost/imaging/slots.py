"""Slots that limit the number of threads that work at once, in all processes that were forked from one."""

import fcntl
import os
import threading
import time
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from imagehost.imaging.waiting import Abandoned, Crowded, Gone

OFTEN = 0.03
"""Seconds between two checks whether another process has released a slot."""
SELDOM = 1
"""Seconds between two checks whether a client still waits."""


class LockFile:
    """An unnamed file whose bytes processes lock. The kernel unlocks the bytes of a process that ends."""

    def __init__(self) -> None:
        self._file = os.memfd_create("imagehost-slots")

    def lock(self, number: int) -> bool:
        """Lock a byte; return False if another process has locked it."""
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
        except OSError:
            return False
        return True

    def announce(self, number: int) -> None:
        """Show other processes that this one waits. This may fail while another process checks the byte."""
        with suppress(OSError):
            fcntl.lockf(self._file, fcntl.LOCK_SH | fcntl.LOCK_NB, 1, number)

    def is_announced(self, number: int) -> bool:
        """Tell whether another process waits. Call this only while this process does not wait."""
        if self.lock(number):
            self.unlock(number)
            return False
        return True

    def unlock(self, number: int) -> None:
        """Unlock the byte of slot ``number``."""
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, number)

    def __del__(self) -> None:
        os.close(self._file)


class Slots:
    """One slot for each of ``numbers``, which are bytes of the file.

    ``sign`` is another byte, by which processes show each other that they wait.
    Threads of this process get slots in the order of arrival. Record locks exclude other processes; the list
    of free numbers excludes other threads of this process.
    """

    def __init__(self, file: LockFile, numbers: Iterable[int], sign: int) -> None:
        self._file = file
        self._sign = sign
        self._free = list(numbers)
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()

    @property
    def waiting(self) -> int:
        """The number of threads in the queue."""
        return len(self._queue)

    def are_wanted(self) -> bool:
        """Tell whether a thread of this or another process waits for a slot."""
        with self._changed:
            return bool(self._queue) or self._file.is_announced(self._sign)

    @contextmanager
    def hold(self, gone: Gone, seconds: float) -> Iterator[None]:
        """Hold a slot. Raises Abandoned if ``gone()`` is True, Crowded if none is free within ``seconds``."""
        number = self._wait(gone, time.monotonic() + seconds)
        try:
            yield
        finally:
            with self._changed:
                self._file.unlock(number)
                self._free.append(number)
                self._changed.notify_all()

    def _wait(self, gone: Gone, deadline: float) -> int:
        turn = object()
        with self._changed:
            self._queue.append(turn)
            try:
                while True:
                    first = self._queue[0] is turn
                    if first and (number := self._take()) is not None:
                        return number
                    if gone():
                        raise Abandoned
                    if first:
                        self._file.announce(self._sign)
                    left = deadline - time.monotonic()
                    if left <= 0:
                        raise Crowded
                    # Threads of this process notify each other. Other processes do not: check again later.
                    self._changed.wait(min(left, OFTEN if first and self._free else SELDOM))
            finally:
                self._queue.remove(turn)
                if not self._queue:
                    self._file.unlock(self._sign)
                self._changed.notify_all()

    def _take(self) -> int | None:
        """Lock and return a free number, or return None if other processes hold all of them."""
        number = next(filter(self._file.lock, self._free), None)
        if number is not None:
            self._free.remove(number)
        return number


class Turns:
    """One slot for each name, in the bytes from ``first`` on."""

    def __init__(self, file: LockFile, first: int) -> None:
        self._file = file
        self._first = first
        self._lock = threading.Lock()
        self._used: dict[str, tuple[Slots, int]] = {}

    @contextmanager
    def of(self, name: str) -> Iterator[Slots]:
        """Yield the slot of a name."""
        with self._lock:
            slots, users = self._used.get(name) or (self._new(name), 0)
            self._used[name] = slots, users + 1
        try:
            yield slots
        finally:
            with self._lock:
                slots, users = self._used.pop(name)
                if users > 1:
                    self._used[name] = slots, users - 1

    def _new(self, name: str) -> Slots:
        number = self._first + 2 * zlib.crc32(name.encode())
        return Slots(self._file, [number], number + 1)
