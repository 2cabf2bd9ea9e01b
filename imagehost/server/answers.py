"""Send the head, the body and the end of a small answer in one piece.

gunicorn sends them one after the other. If the process is killed in between, a proxy has already passed on
half an answer, and can no longer ask another process.
"""

import math
import os
import sys
import time
from typing import BinaryIO

from gunicorn.config import Config
from gunicorn.http.body import ChunkedReader
from gunicorn.http.errors import ParseException
from gunicorn.http.message import Request
from gunicorn.http.wsgi import Response

from imagehost.server.client_socket import ClientSocket
from imagehost.server.connection import MOST_TO_DISCARD

BEGINNING = 64 * 1024
"""Bytes of a file that are sent together with the head; the kernel sends the rest."""
SECONDS_FOR_LAST_CHUNK = 1.0
PIECES_OF_REST = 64


class Together:
    """Replaces the client's socket in gunicorn's answers, and holds the last part until more data follows."""

    def __init__(self, client: ClientSocket) -> None:
        self.client = client
        self.held: list[bytes] = []
        self.most = 2

    def sendall(self, data: bytes) -> None:
        """Hold the head and the first part of the body, later only the last part, until another comes."""
        self.held.append(data)
        if len(self.held) > self.most:
            self.client.sendall(b"".join(self.held[:-1]))
            self.held, self.most = [data], 1

    def sendfile(self, file: BinaryIO, offset: int, count: int) -> None:
        """Send ``count`` bytes of a file from ``offset`` on."""
        beginning = os.pread(file.fileno(), min(count, BEGINNING), offset)
        self.held.append(beginning)
        self.flush()
        if count > len(beginning):
            self.client.sendfile(file, offset + len(beginning), count - len(beginning))

    def flush(self) -> None:
        """Send the parts that are held."""
        held, self.held = b"".join(self.held), []
        if held:
            self.client.sendall(held)


class Answer(Response):  # type: ignore[misc]  # gunicorn has no types
    """An answer that sends its parts together, and tells the client whether the connection stays open."""

    def __init__(self, request: Request, client: ClientSocket, cfg: Config) -> None:
        super().__init__(request, Together(client), cfg)
        self.client = client

    def send_headers(self) -> None:
        """Begin the answer. By now it is known whether the rest of the request's body can be skipped."""
        if self.headers_sent:
            return
        if not can_go_on(self.req, self.client):
            self.force_close()
        self.client.expects_continue = False
        super().send_headers()

    def close(self) -> None:
        """End the answer: send the end mark together with the part before it."""
        self.sock.most = sys.maxsize
        super().close()
        self.sock.flush()


def can_go_on(request: Request, client: ClientSocket) -> bool:
    """Tell whether the server knows where the next request begins."""
    # A client that waits for 100 Continue may send its body or not: the server cannot tell which.
    if client.expects_continue or client.failed or request.body.failed:
        return False
    if isinstance(request.body.reader, ChunkedReader):
        return ends(request, client)
    return bool(request.body.reader.length <= MOST_TO_DISCARD)


def ends(request: Request, client: ClientSocket) -> bool:
    """Tell whether a chunked body ends soon: a form is complete before its last chunk is read."""
    client.deadline = time.monotonic() + SECONDS_FOR_LAST_CHUNK
    try:
        return not all(request.body.read(1024) for _ in range(PIECES_OF_REST))
    except (OSError, ParseException):
        return False
    finally:
        client.deadline = math.inf
