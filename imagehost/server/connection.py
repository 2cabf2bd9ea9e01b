"""A client's connection: read the next head, or discard the rest of a body, while no thread uses it."""

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

from imagehost.domain.networks import network
from imagehost.server.chunks import Chunks
from imagehost.server.client_socket import ClientSocket
from imagehost.server.heads import LONGEST_HEAD, HeadReader, pared

SECONDS_FOR_HEAD = 10.0
SECONDS_TO_CLOSE = 5.0
"""Seconds in which a client must close the connection after the last answer."""
SECONDS_TO_DISCARD = 30.0
"""Seconds for which a client may continue to send a body that is not read."""
DISCARD_RATE = 16 * 1024
"""The lowest rate, in bytes per second, at which such a body must arrive."""
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
        """The network of the client's address, by which connections are grouped. Empty for a Unix socket."""
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
        """Whether a part of a head has arrived."""
        return bool(self._buffer) and not self.closing

    @property
    def declares_body(self) -> bool:
        """Whether the request has a body."""
        return DECLARES_BODY.search(self._buffer) is not None

    def receive(self) -> Step:
        """Read the data that has arrived, without waiting for more."""
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
        """Return READY if the head can be parsed or refused: it is complete, too large, or malformed."""
        start, self._searched = self._searched, max(0, len(self._buffer) - 3)
        done = (
            self._buffer.find(END_OF_HEAD, start) >= 0
            or len(self._buffer) > LONGEST_HEAD
            or BARE_LINE_FEED.search(self._buffer, start)
        )
        return Step.READY if done else Step.WAITING

    def _discard(self, size: int) -> Step:
        """Count discarded bytes of a body."""
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
        # Otherwise gunicorn would send 100 Continue before the application is called.
        request._expected_100_continue = False  # noqa: SLF001
        return request

    def begin_refused(self, cfg: Config) -> Request:
        """Parse the parts of an unreadable head that decide the shape of the answer."""
        try:
            return Request(cfg, HeadReader(pared(bytes(self._buffer)), self.client), self.address, 1)
        except ParseException:
            return Request(cfg, HeadReader(BARE_HEAD, self.client), self.address, 1)

    def abort(self) -> None:
        """Close the connection next, and discard the bytes that the client has not received."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._aborted = True

    def end(self, request: Request | None, *, closes: bool) -> None:
        """Keep the bytes that were read after the request, unless its answer was the last one."""
        self.closing = closes or request is None
        self._buffer.clear()
        self._searched = 0
        if request is None or self.closing:
            return
        # A chunked body has been read to its end; otherwise the connection closes.
        rest = request.body.reader.length if isinstance(request.body.reader, LengthReader) else 0
        ahead = request.unreader.take_buffered()
        self._buffer += ahead[rest:]
        self._unread = max(0, rest - len(ahead))

    def resume(self, keepalive: float) -> Step:
        """Continue after an answer: discard the rest of the body, then wait for a request or for the end."""
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
        """Send a small last answer, or the part of it that can be sent without waiting."""
        self.closing = True
        self._buffer.clear()
        # The client may have disconnected, or may not read.
        with suppress(OSError):
            self.sock.send(answer)

    def close(self) -> None:
        """Close the connection."""
        self.sock.close()
