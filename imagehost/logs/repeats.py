"""Limit the repeated log lines of one client: write the first ones, then only count them."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

LINES = 60
"""The number of lines of one kind and one client that each process writes in a window."""
SECONDS = 60
CLIENTS = 1000
"""The maximum number of pairs of client and kind with their own window. Others share a window per kind."""
OTHER_CLIENTS = "others"


@dataclass(slots=True)
class Window:
    """The lines of one kind that one client caused, beginning with the first one."""

    client: str
    event: str
    level: int
    ends: float
    lines: int = 0

    @property
    def left_out(self) -> int:
        """The number of lines that were counted but not written."""
        return max(0, self.lines - LINES)


class Repeats:
    """Counts lines in bounded memory. All windows have the same length, so the oldest one ends first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._lock = threading.Lock()
        self._windows: dict[tuple[str, str], Window] = {}

    def admit(self, client: str, event: str, level: int) -> bool:
        """Count a line. Return whether to write it."""
        with self._lock:
            key = (client, event)
            if key not in self._windows and len(self._windows) >= CLIENTS:
                key = (OTHER_CLIENTS, event)
            window = self._windows.get(key)
            if window is None:
                window = self._windows[key] = Window(*key, level, self.clock() + SECONDS)
            window.lines += 1
            return window.lines <= LINES

    def ended(self, *, all_of_them: bool = False) -> list[Window]:
        """Remove the windows that have ended, and return those that left out lines."""
        if not self._windows:
            return []
        now = self.clock()
        found = []
        with self._lock:
            while self._windows:
                key = next(iter(self._windows))
                if self._windows[key].ends > now and not all_of_them:
                    break
                found.append(self._windows.pop(key))
        return [window for window in found if window.left_out]
