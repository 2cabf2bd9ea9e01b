"""gunicorn's worker with threads, made so that slow clients, and many clients, keep nobody else waiting.

The main thread reads heads and discards what is left of bodies, without waiting for any client. A thread
gets a connection when a whole head is here. What gunicorn does otherwise is in gunicorn/workers/gthread.py.
"""

import errno
import logging
import selectors
import socket
import time
from concurrent.futures import Future
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any

from gunicorn.http import wsgi
from gunicorn.http.errors import (
    ExpectationFailed,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
    UnsupportedTransferCoding,
)
from gunicorn.http.message import Request
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, ThreadWorker

from imagehost.header_limits import REFUSED
from imagehost.server.answers import Answer
from imagehost.server.canned import FAULT, TOO_MANY, TOO_SLOW, UNREADABLE
from imagehost.server.connection import Connection, State
from imagehost.server.files import connections_at_most
from imagehost.server.lanes import Lane

STATUSES = {
    LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
    UnsupportedTransferCoding: HTTPStatus.NOT_IMPLEMENTED,
}
"""What is not here is a bad request."""
SECONDS_BETWEEN_LOOKS = 0.25
NOT_NOW = {errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED}
NO_ROOM = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

log = logging.getLogger(__name__)


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Two lanes of threads: one for requests with a body, so that slow uploads do not hold up pages."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.waiting: dict[Connection, None] = {}
        """The connections that the main thread reads from, the longest waiting first."""
        self._looked = 0.0

    def init_process(self) -> None:
        """Make the threads, and serve; return when the worker ends."""
        self.worker_connections: int = min(self.cfg.worker_connections, connections_at_most())
        self.lanes = {with_body: Lane(self.cfg.threads) for with_body in (False, True)}
        super().init_process()

    def get_thread_pool(self) -> Any:
        """Give the base class the threads that it ends with the worker."""
        return self.lanes[False].pool

    def accept(self, listener: socket.socket) -> None:
        """Accept a connection, and close another one where there are too many."""
        try:
            sock, address = listener.accept()
        except OSError as error:
            if error.errno in NO_ROOM:
                self.make_room()
            elif error.errno not in NOT_NOW:
                raise
            return
        self.nr_conns += 1
        if self.nr_conns >= self.worker_connections:
            self.make_room()
        self.go_on(connection := Connection(sock, address, listener.getsockname()), connection.receive())

    def go_on(self, connection: Connection, state: State) -> None:
        """Do the next step of a connection."""
        if state is State.WAITING:
            self.watch(connection)
        else:
            self.unwatch(connection)
            if state is State.READY:
                self.enqueue_req(connection)
            else:
                self.drop(connection)

    def watch(self, connection: Connection) -> None:
        """Read from a connection whenever something comes."""
        if connection not in self.waiting:
            self.waiting[connection] = None
            self.poller.register(connection.sock, selectors.EVENT_READ, partial(self.on_readable, connection))

    def unwatch(self, connection: Connection) -> None:
        """Leave a connection to a thread."""
        if connection in self.waiting:
            del self.waiting[connection]
            self.poller.unregister(connection.sock)

    def drop(self, connection: Connection) -> None:
        """Close a connection."""
        self.unwatch(connection)
        self.nr_conns -= 1
        connection.close()

    def on_readable(self, connection: Connection, _: object) -> None:
        """Read from a connection, unless it was closed by what was read just before."""
        if connection in self.waiting:
            self.go_on(connection, connection.receive())

    def make_room(self) -> None:
        """Close the oldest idle connection, or else the oldest that sends a head, or one without a thread."""
        idle = (connection for connection in self.waiting if not connection.is_half_sent)
        victim = next(idle, None) or next(iter(self.waiting), None)
        if victim is None:
            for with_body in (True, False):
                if turned_away := self.lanes[with_body].turn_away():
                    turned_away.say(TOO_MANY)
                    self.go_on(turned_away, turned_away.resume(0))
                    return
            return
        if victim.is_half_sent:
            victim.say(TOO_MANY)
        self.drop(victim)

    def enqueue_req(self, connection: Connection) -> None:
        """Let a thread answer a request as soon as one is free."""
        lane = self.lanes[connection.declares_body]
        lane.add(connection)
        self.answer_next(lane)

    def answer_next(self, lane: Lane) -> None:
        """Let free threads answer requests that wait."""
        while connection := lane.next():
            future = lane.pool.submit(self.handle, connection)
            future.add_done_callback(partial(self.defer_finish, connection, lane))

    def defer_finish(self, connection: Connection, lane: Lane, _: Future[None]) -> None:
        """Wake the main thread. Runs in the thread that has answered."""
        self.method_queue.defer(self.finish_request, connection, lane)

    def finish_request(self, connection: Connection, lane: Lane) -> None:
        """Take a connection back from its thread."""
        lane.end(connection)
        self.answer_next(lane)
        keepalive = self.cfg.keepalive if self.alive else STOP_KEEPALIVE_LINGER
        self.go_on(connection, connection.resume(keepalive))

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Wait for events, and not for long while requests wait for slow clients to leave."""
        crowded = any(lane.is_crowded for lane in self.lanes.values())
        super().wait_for_and_dispatch_events(min(timeout, SECONDS_BETWEEN_LOOKS if crowded else timeout))

    def murder_keepalived(self, force: bool = False) -> None:
        """Close connections whose time is over, and take threads from slow clients. Called in every turn."""
        if self.nr_conns >= self.worker_connections:
            self.make_room()
        now = time.monotonic()
        if not force and now < self._looked + SECONDS_BETWEEN_LOOKS:
            return
        self._looked = now
        for connection in [each for each in self.waiting if force or each.deadline <= now]:
            if connection.is_half_sent:
                connection.say(TOO_SLOW)
                self.go_on(connection, connection.resume(0))
            else:
                self.drop(connection)
        for lane in self.lanes.values():
            if lane.is_crowded:
                lane.relieve()

    def murder_pending(self) -> None:
        """Do nothing: no thread puts a connection off."""

    def _cap_keepalive(self, deadline: float) -> None:
        """Close idle connections soon, since the worker stops."""
        for connection in self.waiting:
            if not connection.is_half_sent:
                connection.deadline = min(connection.deadline, deadline)

    def handle(self, connection: Connection) -> None:
        """Answer a request. Runs in a thread."""
        request, closes = None, True
        try:
            request, refused = self.read(connection)
            closes = not self.handle_request(request, connection, refused)
        except TimeoutError:
            connection.abort()
        except ParseException:
            # Of a body, which the application did not expect.
            if not connection.client.answered:
                connection.say(UNREADABLE)
        except OSError as error:
            log.debug("connection lost", extra={"error": error})
        except Exception:
            log.exception("a request failed")
            if not connection.client.answered:
                connection.say(FAULT)
        finally:
            connection.end(request, closes=closes)

    def read(self, connection: Connection) -> tuple[Request, HTTPStatus | None]:
        """Read the head of a request, or else what is needed to refuse it, and the status of that answer."""
        try:
            return connection.begin(self.cfg), None
        except ParseException as error:
            return connection.begin_refused(self.cfg), STATUSES.get(type(error), HTTPStatus.BAD_REQUEST)

    def handle_request(self, request: Request, connection: Connection, refused: HTTPStatus | None) -> bool:
        """Let the application answer. Return whether the connection can take another request."""
        begin = datetime.now(UTC)
        answer, environ = wsgi.create(
            request, connection.client, connection.address, connection.server, self.cfg, Answer
        )
        environ["wsgi.multithread"] = True
        if refused:
            environ[REFUSED] = refused
        if refused or not self.cfg.keepalive or not self.serves_more():
            answer.force_close()
        parts = self.wsgi(environ, answer.start_response)
        try:
            if isinstance(parts, wsgi.FileWrapper):
                answer.write_file(parts)
            else:
                for part in parts:
                    answer.write(part)
            answer.close()
        finally:
            self.log.access(answer, request, environ, datetime.now(UTC) - begin)
            if hasattr(parts, "close"):
                parts.close()
        return not (answer.should_close() or request.body.failed or connection.client.failed)

    def serves_more(self) -> bool:
        """Count a request. Return whether the worker goes on after it."""
        self.nr += 1
        if self.nr >= self.max_requests:
            self.alive = False
        return bool(self.alive)
