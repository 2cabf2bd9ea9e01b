"""Share the threads that answer requests among the networks of the clients.

A client can open any number of connections. If requests wait for a thread, the next one is taken from the
network that has the fewest threads, so that no client has to wait for all requests of another one.
"""

import time
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor

from imagehost.server.connection import Connection


class SharedThreads:
    """A group of threads, with the connections that have one and those that wait. Main thread only."""

    def __init__(self, threads: int) -> None:
        self.pool = ThreadPoolExecutor(threads)
        self._threads = threads
        self._running: dict[Connection, None] = {}
        self._share: Counter[str] = Counter()
        """Number of threads of each network."""
        self._waiting: dict[str, deque[Connection]] = {}
        """Connections without a thread, by network; the network whose turn is next comes first."""

    def add(self, connection: Connection) -> None:
        """Let a connection wait for a thread."""
        self._waiting.setdefault(connection.network, deque()).append(connection)

    def next(self) -> Connection | None:
        """Give a thread to a waiting connection. Return the connection, or None if none got one."""
        if not self._waiting or len(self._running) >= self._threads:
            return None
        network = min(self._waiting, key=self._share.__getitem__)
        queue = self._waiting.pop(network)
        connection = queue.popleft()
        if queue:
            # The network is moved behind all others that have as few threads.
            self._waiting[network] = queue
        self._running[connection] = None
        self._share[network] += 1
        return connection

    def end(self, connection: Connection) -> None:
        """Take the thread back from a connection whose work is done."""
        del self._running[connection]
        self._share[connection.network] -= 1
        if not self._share[connection.network]:
            del self._share[connection.network]

    @property
    def is_crowded(self) -> bool:
        """Whether connections wait for a thread."""
        return bool(self._waiting)

    def relieve(self) -> None:
        """Take threads from slow clients, one per waiting connection.

        Clients of the networks with the most threads lose theirs first.
        """
        now = time.monotonic()
        slow = [
            (-self._share[connection.network], rate, connection.client)
            for connection in self._running
            if (rate := connection.client.slowness(now)) is not None
        ]
        slow.sort(key=lambda found: found[:2])
        for *_, client in slow[: sum(map(len, self._waiting.values()))]:
            client.give_up()

    def turn_away(self) -> Connection | None:
        """Remove a waiting connection and return it; None if none waits.

        It is the connection that has waited longest, from the network with the most waiting connections.
        """
        if not self._waiting:
            return None
        network = max(self._waiting, key=lambda each: len(self._waiting[each]))
        connection = self._waiting[network].popleft()
        if not self._waiting[network]:
            del self._waiting[network]
        return connection
