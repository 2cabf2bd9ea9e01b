"""A worker for gunicorn in which neither slow clients nor many clients delay others.

The main thread reads request heads, and discards the unread rest of bodies, without waiting for any client.
A thread gets a connection only when the whole head has arrived (``handling``). The rest of the behaviour is
that of the base class, gunicorn/workers/gthread.py.
"""

import errno
import selectors
import socket
import time
from concurrent.futures import Future
from functools import partial
from typing import Any

from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, ThreadWorker

from imagehost.server.connection import Connection, Step
from imagehost.server.fixed_answers import TOO_MANY, TOO_SLOW
from imagehost.server.handling import handle
from imagehost.server.open_files import connections_at_most
from imagehost.server.thread_sharing import SharedThreads

SECONDS_BETWEEN_CHECKS = 0.25
LOST = {errno.EAGAIN, errno.ECONNABORTED, errno.EPROTO, errno.EPERM, errno.ENOPROTOOPT, errno.EOPNOTSUPP} | {
    *(errno.ENETDOWN, errno.ENETUNREACH, errno.ENONET, errno.EHOSTDOWN, errno.EHOSTUNREACH)
}
"""Errors of accept() that concern one connection, which is lost: accept(2), "Error handling"."""
OUT_OF_RESOURCES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Uses two groups of threads: one for requests with a body, so that slow uploads do not delay pages."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.waiting: dict[Connection, None] = {}
        """The connections that the main thread reads from, the longest waiting first."""
        self._looked = 0.0

    def init_process(self) -> None:
        """Create the threads, then serve until the worker ends."""
        self.worker_connections: int = min(self.cfg.worker_connections, connections_at_most())
        self.thread_groups = {with_body: SharedThreads(self.cfg.threads) for with_body in (False, True)}
        super().init_process()

    def get_thread_pool(self) -> Any:
        """Return the threads that the base class stops when the worker ends."""
        return self.thread_groups[False].pool

    def accept(self, listener: socket.socket) -> None:
        """Accept a connection, and close another one if there are too many."""
        try:
            sock, address = listener.accept()
        except OSError as error:
            if error.errno in OUT_OF_RESOURCES:
                self.make_room()
            elif error.errno not in LOST:
                raise
            return
        self.nr_conns += 1
        if self.nr_conns >= self.worker_connections:
            self.make_room()
        self.go_on(connection := Connection(sock, address, listener.getsockname()), connection.receive())

    def go_on(self, connection: Connection, step: Step) -> None:
        """Do the next step of a connection."""
        if step is Step.WAITING:
            self.watch(connection)
        else:
            self.unwatch(connection)
            if step is Step.READY:
                self.enqueue_req(connection)
            else:
                self.drop(connection)

    def watch(self, connection: Connection) -> None:
        """Read from a connection each time that data arrives."""
        if connection not in self.waiting:
            self.waiting[connection] = None
            self.poller.register(connection.sock, selectors.EVENT_READ, partial(self.on_readable, connection))

    def unwatch(self, connection: Connection) -> None:
        """Stop reading from a connection: a thread reads from it next, or it is closed."""
        if connection in self.waiting:
            del self.waiting[connection]
            self.poller.unregister(connection.sock)

    def drop(self, connection: Connection) -> None:
        """Close a connection."""
        self.unwatch(connection)
        self.nr_conns -= 1
        connection.close()

    def on_readable(self, connection: Connection, _: object) -> None:
        """Read from a connection, unless an event that was handled just before has closed it."""
        if connection in self.waiting:
            self.go_on(connection, connection.receive())

    def make_room(self) -> None:
        """Close the oldest idle connection, else the oldest that sends a head, else one without a thread."""
        idle = (connection for connection in self.waiting if not connection.is_half_sent)
        victim = next(idle, None) or next(iter(self.waiting), None)
        if victim is None:
            for with_body in (True, False):
                if turned_away := self.thread_groups[with_body].turn_away():
                    turned_away.say(TOO_MANY)
                    self.go_on(turned_away, turned_away.resume(0))
                    return
            return
        if victim.is_half_sent:
            victim.say(TOO_MANY)
        self.drop(victim)

    def enqueue_req(self, connection: Connection) -> None:
        """Let a thread answer a request as soon as one is free."""
        threads = self.thread_groups[connection.declares_body]
        threads.add(connection)
        self.answer_next(threads)

    def answer_next(self, threads: SharedThreads) -> None:
        """Let free threads answer requests that wait."""
        while connection := threads.next():
            future = threads.pool.submit(handle, self, connection)
            future.add_done_callback(partial(self.defer_finish, connection, threads))

    def defer_finish(self, connection: Connection, threads: SharedThreads, _: Future[None]) -> None:
        """Wake the main thread. Runs in the thread that has answered."""
        self.method_queue.defer(self.finish_request, connection, threads)

    def finish_request(self, connection: Connection, threads: SharedThreads) -> None:
        """Take a connection back from its thread."""
        threads.end(connection)
        self.answer_next(threads)
        keepalive = self.cfg.keepalive if self.alive else STOP_KEEPALIVE_LINGER
        self.go_on(connection, connection.resume(keepalive))

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Wait for events, only briefly if requests wait for a thread, so that slow clients are checked."""
        crowded = any(threads.is_crowded for threads in self.thread_groups.values())
        super().wait_for_and_dispatch_events(min(timeout, SECONDS_BETWEEN_CHECKS if crowded else timeout))

    def murder_keepalived(self, force: bool = False) -> None:
        """Close connections after their deadline, and take threads from slow clients. Called in a loop."""
        if self.nr_conns >= self.worker_connections:
            self.make_room()
        now = time.monotonic()
        if not force and now < self._looked + SECONDS_BETWEEN_CHECKS:
            return
        self._looked = now
        for connection in [each for each in self.waiting if force or each.deadline <= now]:
            if connection.is_half_sent:
                connection.say(TOO_SLOW)
                self.go_on(connection, connection.resume(0))
            else:
                self.drop(connection)
        for threads in self.thread_groups.values():
            if threads.is_crowded:
                threads.relieve()

    def murder_pending(self) -> None:
        """Do nothing: this worker does not use the base class's list of pending connections."""

    def _cap_keepalive(self, deadline: float) -> None:
        """Close idle connections soon, since the worker stops."""
        for connection in self.waiting:
            if not connection.is_half_sent:
                connection.deadline = min(connection.deadline, deadline)

    def serves_more(self) -> bool:
        """Count a request. Return whether the worker continues after it."""
        self.nr += 1
        if self.nr >= self.max_requests:
            self.alive = False
        return bool(self.alive)
