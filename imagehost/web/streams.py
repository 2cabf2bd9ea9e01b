"""Write long answers one at a time in each process, so that other requests are answered meanwhile."""

import threading
import time
from collections import Counter, deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager

from flask import Flask

from imagehost.domain.errors import Unavailable

MOST_STREAMS = 8
"""Streams that write or wait in one process: each holds one of its threads."""
MOST_STREAMS_OF_ONE_CLIENT = 4
"""Streams of one client."""
SECONDS_TO_FIRST_TURN = 5
"""How long a stream waits for its first turn."""
SECONDS_TO_GO_ON = 60
"""How long it waits for each further turn."""
SECONDS_OF_A_TURN = 10
"""After this time, a stream must let waiting streams write: its reader may be slow, or its answer long."""


class Streams:
    """The streams of a process, which take turns in the order of arrival."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open: Counter[str] = Counter()
        self._queue: deque[object] = deque()
        # The stream whose turn it is, when other streams may end the turn, and whether the stream is writing.
        self._holder: object = None
        self._ends = 0.0
        self._writing = False

    def paced(self, client: str, pieces: Iterator[str]) -> Generator[str, None, None]:
        """Yield the pieces of a stream. Each piece is made in a turn of this stream.

        Close the generator if you leave it early. Raises Unavailable if others are too many or too slow.
        """
        stream = object()
        self._enter(client)
        try:
            patience = SECONDS_TO_FIRST_TURN
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
            if self._open.total() >= MOST_STREAMS or self._open[client] >= MOST_STREAMS_OF_ONE_CLIENT:
                raise Unavailable("whole list")
            self._open[client] += 1

    def _leave(self, stream: object, client: str) -> None:
        with self._changed:
            self._open[client] -= 1
            self._open += Counter()  # drops clients without streams
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
        """Wait for a turn: until the current one ends, or its time is over and its stream does not write."""
        if self._holder is stream:
            self._holder = None
        self._queue.append(stream)
        self._changed.notify_all()
        try:
            while not self._may_begin(stream):
                now = time.monotonic()
                if now >= deadline:
                    raise Unavailable("whole list")
                # Every other event that may end a turn notifies this thread.
                self._changed.wait((min(self._ends, deadline) if now < self._ends else deadline) - now)
            self._holder, self._ends = stream, time.monotonic() + SECONDS_OF_A_TURN
        finally:
            self._queue.remove(stream)
            self._changed.notify_all()

    def _may_begin(self, stream: object) -> bool:
        free = self._holder is None or (not self._writing and time.monotonic() >= self._ends)
        return free and self._queue[0] is stream


def init_app(app: Flask) -> None:
    """Give each process its own streams."""
    app.extensions["imagehost.streams"] = Streams()
