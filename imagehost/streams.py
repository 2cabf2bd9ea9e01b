"""Answers that take long to write: one at a time in each process, so that others get theirs meanwhile."""

import threading
import time
from collections import Counter, deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager

from flask import Flask

from imagehost.errors import Unavailable

MOST = 8
"""Streams that are written or wait in one process: each holds one of its threads."""
MOST_OF_ONE = 4
"""Those of one client."""
SECONDS_TO_WAIT = 5
"""For the first turn."""
SECONDS_TO_GO_ON = 60
"""For each further one, once a stream has begun."""
SECONDS_OF_A_TURN = 10
"""After so many, a stream gives way to those that wait: its reader may be slow, or its answer long."""


class Streams:
    """The streams of a process, which take turns in the order of arrival."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open: Counter[str] = Counter()
        self._queue: deque[object] = deque()
        # Whose turn it is, until when at least, and whether it is writing.
        self._holder: object = None
        self._ends = 0.0
        self._writing = False

    def paced(self, client: str, pieces: Iterator[str]) -> Generator[str, None, None]:
        """Go through the pieces of a stream, each of which is written in a turn of this stream.

        Close the generator where it is left early. Raises Unavailable where others take too long.
        """
        stream = object()
        self._enter(client)
        try:
            patience = SECONDS_TO_WAIT
            while True:
                with self._turn(stream, patience):
                    piece = next(pieces, None)
                if piece is None:
                    return
                yield piece
                patience = SECONDS_TO_GO_ON
        finally:
            self._leave(stream, client)

    def _enter(self, client: str) -> None:
        with self._changed:
            if self._open.total() >= MOST or self._open[client] >= MOST_OF_ONE:
                raise Unavailable("whole list")
            self._open[client] += 1

    def _leave(self, stream: object, client: str) -> None:
        with self._changed:
            self._open[client] -= 1
            self._open += Counter()  # drops those that are at zero
            if self._holder is stream:
                self._holder = None
            self._changed.notify_all()

    @contextmanager
    def _turn(self, stream: object, patience: float) -> Iterator[None]:
        with self._changed:
            if self._holder is not stream or (self._queue and time.monotonic() >= self._ends):
                self._wait(stream, time.monotonic() + patience)
            self._writing = True
        try:
            yield
        finally:
            with self._changed:
                self._writing = False
                self._changed.notify_all()

    def _wait(self, stream: object, deadline: float) -> None:
        """Queue up, and take the turn from one that is over, or whose reader keeps others waiting."""
        if self._holder is stream:
            self._holder = None
        self._queue.append(stream)
        self._changed.notify_all()
        try:
            while not self._may_begin(stream):
                now = time.monotonic()
                if now >= deadline:
                    raise Unavailable("whole list")
                # All else that may end a turn notifies.
                self._changed.wait((min(self._ends, deadline) if now < self._ends else deadline) - now)
            self._holder, self._ends = stream, time.monotonic() + SECONDS_OF_A_TURN
        finally:
            self._queue.remove(stream)
            self._changed.notify_all()

    def _may_begin(self, stream: object) -> bool:
        free = self._holder is None or (not self._writing and time.monotonic() >= self._ends)
        return free and self._queue[0] is stream


def init_app(app: Flask) -> None:
    """Give each process streams of its own."""
    app.extensions["imagehost.streams"] = Streams()
