"""Threads that answer requests."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from imagehost.server.connection import Connection


class Lane:
    """Some threads, and the connections that they work for or that wait for one of them."""

    def __init__(self, threads: int) -> None:
        self.pool = ThreadPoolExecutor(threads)
        self._threads = threads
        self._connections: dict[Connection, Future[None]] = {}

    def start(self, connection: Connection, work: Callable[[Connection], None]) -> Future[None]:
        """Let a thread work for a connection as soon as one is free."""
        future = self.pool.submit(work, connection)
        self._connections[connection] = future
        return future

    def end(self, connection: Connection) -> None:
        """Forget a connection whose work is done."""
        self._connections.pop(connection, None)

    @property
    def is_crowded(self) -> bool:
        """Whether connections wait for a thread."""
        return len(self._connections) > self._threads

    def relieve(self) -> None:
        """Take threads from the slowest clients, as many as connections wait for."""
        now = time.monotonic()
        slow = [
            (rate, connection.client)
            for connection in self._connections
            if (rate := connection.client.slowness(now)) is not None
        ]
        slow.sort(key=lambda found: found[0])
        for _, client in slow[: len(self._connections) - self._threads]:
            client.give_up()

    def turn_away(self) -> bool:
        """Cancel the work of the connection that has waited longest for a thread. Return False for none."""
        return any(not future.cancelled() and future.cancel() for future in list(self._connections.values()))
