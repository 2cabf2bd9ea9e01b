"""Let a thread use a client's socket, without waiting long for a slow client."""

import fcntl
import math
import os
import select
import socket
import struct
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import BinaryIO, TypeVar

Moved = TypeVar("Moved", bytes, int)

GRACE_SECONDS = 20.0
"""Seconds that a client may be behind the lowest rate."""
LOWEST_RATE = 4096
"""The lowest average rate, in bytes per second, while a thread waits for the client."""
FAIR_RATE = 64 * 1024
"""Bytes per second. A slower client may lose its thread to a request that waits for one."""
FAIR_SECONDS = 1.0
"""Seconds for which a client keeps its thread, even if it is slow."""
LOOK = 2.0
"""Seconds after which a waiting thread checks how much of an answer the kernel has sent."""
LARGEST_FILE_PIECE = 2**30
"""Bytes of a file per call: some kernels fail on 2 GiB."""
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class ClientSocket:
    """Reads and writes a non-blocking socket for one request. Raises TimeoutError for a slow client."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.expects_continue = False
        """Whether the client waits for 100 Continue before it sends its body."""
        self.failed = False
        """Whether the client was too slow: the connection takes no further request."""
        self.answered = False
        """Whether an answer has begun."""
        self.deadline = math.inf
        """Time at which waiting ends in any case (``time.monotonic``)."""
        self._patience = GRACE_SECONDS
        self._given_up = False
        self._moved = 0
        self._waited = 0.0
        self._waiting: tuple[int, float] | None = None

    def fileno(self) -> int:
        """Return the descriptor, for code that watches whether the client is still connected."""
        return self.socket.fileno()

    def recv(self, size: int) -> bytes:
        """Return up to ``size`` bytes of a body, or no bytes if the client has closed the connection."""
        if self.expects_continue:
            self.expects_continue = False
            self._send(CONTINUE)
        data = self._when_ready(select.POLLIN, lambda: self.socket.recv(size))
        self._count(len(data))
        return data

    def sendall(self, data: bytes) -> None:
        """Send all bytes of a part of the answer."""
        self.answered = True
        self._send(data)

    def _send(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            sent = self._when_ready(select.POLLOUT, partial(self.socket.send, rest))
            self._count(sent)
            rest = rest[sent:]

    def sendfile(self, file: BinaryIO, offset: int, count: int) -> None:
        """Send ``count`` bytes of a file from ``offset`` on. Raises OSError if the file became shorter."""
        end = offset + count
        while offset < end:
            piece = min(end - offset, LARGEST_FILE_PIECE)
            send = partial(os.sendfile, self.fileno(), file.fileno(), offset, piece)
            sent = self._when_ready(select.POLLOUT, send)
            if not sent:
                raise OSError("the file is shorter than the answer's length")
            self._count(sent)
            offset += sent

    def slowness(self, now: float) -> float | None:
        """Return the client's rate in bytes a second; None if no thread waits or the rate is high enough."""
        waiting = self._waiting
        if waiting is None:
            return None
        event, begin = waiting
        waited = self._waited + now - begin
        if waited <= FAIR_SECONDS:
            return None
        # The client has not yet received the bytes that the kernel still holds.
        rate = (self._moved - (unsent(self.socket) if event == select.POLLOUT else 0)) / waited
        return rate if rate < FAIR_RATE else None

    def give_up(self) -> None:
        """Take the thread from the client. Called by another thread."""
        waiting = self._waiting
        if waiting is None:
            return
        self._given_up = True
        reads = waiting[0] == select.POLLIN
        # This wakes the thread. A client that was sending a body can still receive an answer.
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RD if reads else socket.SHUT_RDWR)

    def _when_ready(self, event: int, call: Callable[[], Moved]) -> Moved:
        """Repeat a call until the socket is ready for it. Raises TimeoutError for a slow client."""
        while True:
            try:
                return call()
            except BlockingIOError:
                self._wait(event)

    def _count(self, moved: int) -> None:
        """Count bytes that the client sent or received."""
        self._moved += moved
        self._patience = min(GRACE_SECONDS, self._patience + moved / LOWEST_RATE)

    def _wait(self, event: int) -> None:
        """Wait until the socket is ready, or for ``LOOK`` seconds. Raises TimeoutError."""
        poll = select.poll()
        poll.register(self.socket, event)
        queued = 0 if event == select.POLLIN else unsent(self.socket)
        begin = time.monotonic()
        self._waiting = event, begin
        ready = poll.poll(max(0, min(self._patience, LOOK, self.deadline - begin)) * 1000)
        self._waiting = None
        end = time.monotonic()
        self._waited += end - begin
        # The socket is ready only when a large part of the kernel's buffer is empty, which may take minutes.
        moves = event == select.POLLOUT and queued - unsent(self.socket) >= LOWEST_RATE * (end - begin)
        if not moves:
            self._patience -= end - begin
        if self._given_up or (not ready and (self._patience <= 0 or end >= self.deadline)):
            self._fail()

    def _fail(self) -> None:
        """Give up on the client; the thread can still try to send a small answer."""
        self.failed = True
        self._given_up = False
        self._patience, self.deadline = LOOK, math.inf
        raise TimeoutError("the client is too slow")


def unsent(connection: socket.socket) -> int:
    """Return how many bytes the kernel holds that the client has not acknowledged."""
    try:
        (number,) = struct.unpack("i", fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4)))
    except OSError:
        return 0
    return int(number)
