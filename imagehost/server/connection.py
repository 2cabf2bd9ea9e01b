"""A connection while no thread works for it: reading the next head, or discarding the rest of a body."""

import math
import re
import socket
import struct
import time
from contextlib import suppress
from enum import Enum
from typing import Any

from gunicorn.config import Config
from gunicorn.http.body import ChunkedReader, LengthReader
from gunicorn.http.errors import ParseException
from gunicorn.http.message import Request

from imagehost.limits.counters import network
from imagehost.server.chunks import Chunks
from imagehost.server.client_socket import ClientSocket
from imagehost.server.heads import LONGEST_HEAD, HeadReader, pared

SECONDS_FOR_HEAD = 10.0
SECONDS_TO_CLOSE = 5.0
"""How long a client may take to close its end after the last answer."""
SECONDS_TO_DISCARD = 30.0
"""How long it may go on sending a body that is not read."""
DISCARD_RATE = 16 * 1024
"""Bytes a second at which such a body has to come."""
MOST_TO_DISCARD = 32 * 1024 * 1024
PIECE = 16 * 1024
LARGE_PIECE = 64 * 1024

BARE_HEAD = b"GET / HTTP/1.1\r\n\r\n"
END_OF_HEAD = b"\r\n\r\n"
BARE_LINE_FEED = re.compile(rb"(?<!\r)\n")
DECLARES_BODY = re.compile(rb"\r\n(content-length|transfer-encoding)[ \t]*:", re.IGNORECASE)


class Step(Enum):
    """The next step of a connection."""

    WAITING = "wait for more"
    READY = "let a thread read the request"
    OVER = "close"


class Connection:
    """A client's connection. It belongs to the main thread, or to the one thread that answers a request."""

    def __init__(self, connection: socket.socket, address: Any, server: Any) -> None:
        connection.setblocking(False)
        self.sock = connection
        self.address = address
        self.network = network(address[0]) if isinstance(address, tuple) else ""
        """Whom it comes from: what one client opens counts together."""
        self.server = server
        self.client = ClientSocket(connection)
        self.deadline = time.monotonic() + SECONDS_FOR_HEAD
        self.closing = False
        """Whether no further request is read."""
        self._aborted = False
        self._keepalive = 0.0
        self._requests = 0
        self._buffer = bytearray()
        self._searched = 0
        self._unread = 0.0
        self._discarded = 0
        self._discards_since = 0.0

    @property
    def is_half_sent(self) -> bool:
        """Whether a part of a head is here."""
        return bool(self._buffer) and not self.closing

    @property
    def declares_body(self) -> bool:
        """Whether the request has a body."""
        return DECLARES_BODY.search(self._buffer) is not None

    def receive(self) -> Step:
        """Read what has come, without waiting."""
        try:
            data = self.sock.recv(int(min(self._unread or PIECE, LARGE_PIECE)))
        except BlockingIOError:
            return Step.WAITING
        except OSError:
            return Step.OVER
        if not data:
            return Step.OVER
        if self._unread:
            return self._discard(len(data))
        if self._requests and not self._buffer:
            self.deadline = time.monotonic() + SECONDS_FOR_HEAD
        self._buffer += data
        return self._look()

    def _look(self) -> Step:
        """Tell whether the parser can say something of the head: it is whole, too large, or broken."""
        start, self._searched = self._searched, max(0, len(self._buffer) - 3)
        done = (
            self._buffer.find(END_OF_HEAD, start) >= 0
            or len(self._buffer) > LONGEST_HEAD
            or BARE_LINE_FEED.search(self._buffer, start)
        )
        return Step.READY if done else Step.WAITING

    def _discard(self, size: int) -> Step:
        """Count bytes of a body that nobody reads."""
        self._discarded += size
        self._unread -= size
        if self._discarded > MOST_TO_DISCARD:
            return Step.OVER
        seconds = SECONDS_TO_CLOSE + self._discarded / DISCARD_RATE
        self.deadline = self._discards_since + min(SECONDS_TO_DISCARD, seconds)
        if not self._unread:
            self.deadline = time.monotonic() + self._keepalive
        return Step.WAITING

    def begin(self, cfg: Config) -> Request:
        """Parse the head. Raises gunicorn's ParseException."""
        end = self._buffer.find(END_OF_HEAD)
        whole = 0 <= end <= LONGEST_HEAD - len(END_OF_HEAD)
        self.client = ClientSocket(self.sock)
        reader = HeadReader(bytes(self._buffer if whole else self._buffer[:LONGEST_HEAD]), self.client)
        self._requests += 1
        request = Request(cfg, reader, self.address, self._requests)
        reader.reads_head = False
        if isinstance(request.body.reader, ChunkedReader):
            request.body.reader = Chunks(request, reader)
        self.client.expects_continue = request._expected_100_continue and not reader.buf.tell()  # noqa: SLF001
        # Else gunicorn would send the 100 before the application is asked.
        request._expected_100_continue = False  # noqa: SLF001
        return request

    def begin_refused(self, cfg: Config) -> Request:
        """Parse what tells the shape of an answer to a head that cannot be read."""
        try:
            return Request(cfg, HeadReader(pared(bytes(self._buffer)), self.client), self.address, 1)
        except ParseException:
            return Request(cfg, HeadReader(BARE_HEAD, self.client), self.address, 1)

    def abort(self) -> None:
        """Make the kernel forget what a client does not take, and the connection with it."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._aborted = True

    def end(self, request: Request | None, *, closes: bool) -> None:
        """Keep what was read beyond the request, unless its answer was the last one."""
        self.closing = closes or request is None
        self._buffer.clear()
        self._searched = 0
        if request is None or self.closing:
            return
        # A chunked body was read to its end: else the connection closes.
        rest = request.body.reader.length if isinstance(request.body.reader, LengthReader) else 0
        ahead = request.unreader.take_buffered()
        self._buffer += ahead[rest:]
        self._unread = max(0, rest - len(ahead))

    def resume(self, keepalive: float) -> Step:
        """Go on after an answer: discard the rest of the body, then wait for a request or for the end."""
        now = time.monotonic()
        self._keepalive = keepalive
        self._discarded, self._discards_since = 0, now
        self.deadline = now + (SECONDS_FOR_HEAD if self._buffer else keepalive)
        if self.closing:
            self._unread = math.inf
        if self._unread:
            self.deadline = now + SECONDS_TO_CLOSE
        if self._aborted:
            return Step.OVER
        if self.closing:
            try:
                self.sock.shutdown(socket.SHUT_WR)
            except OSError:
                return Step.OVER
            return self.receive()
        return self._look() if self._buffer else Step.WAITING

    def say(self, answer: bytes) -> None:
        """Send a small answer as far as that is possible without waiting; it is the last one."""
        self.closing = True
        self._buffer.clear()
        # The client may have gone, or may not read.
        with suppress(OSError):
            self.sock.send(answer)

    def close(self) -> None:
        """Close the connection."""
        self.sock.close()
