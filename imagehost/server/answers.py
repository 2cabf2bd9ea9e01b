"""Answers: head, body and end of a small one go out at once.

gunicorn sends one after the other. A process that is killed in between leaves a proxy with half an answer,
which has been passed on already, where another process could have been asked.
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
"""Bytes of a file that go with the head; the kernel sends the rest."""
SECONDS_FOR_LAST_CHUNK = 1.0
PIECES_OF_REST = 64


class Together:
    """A client's socket as gunicorn's answers use one: what comes last is held until more follows."""

    def __init__(self, client: ClientSocket) -> None:
        self.client = client
        self.held: list[bytes] = []
        self.most = 2

    def sendall(self, data: bytes) -> None:
        """Hold head and beginning of an answer, then each further part, until the next one comes."""
        self.held.append(data)
        if len(self.held) > self.most:
            self.client.sendall(b"".join(self.held[:-1]))
            self.held, self.most = [data], 1

    def sendfile(self, file: BinaryIO, offset: int, count: int) -> None:
        """Send a part of a file."""
        beginning = os.pread(file.fileno(), min(count, BEGINNING), offset)
        self.held.append(beginning)
        self.flush()
        if count > len(beginning):
            self.client.sendfile(file, offset + len(beginning), count - len(beginning))

    def flush(self) -> None:
        """Send what is held: the answer ends here."""
        held, self.held = b"".join(self.held), []
        if held:
            self.client.sendall(held)


class Answer(Response):  # type: ignore[misc]  # gunicorn has no types
    """An answer whose parts go out together, and which says whether the connection goes on."""

    def __init__(self, request: Request, client: ClientSocket, cfg: Config) -> None:
        super().__init__(request, Together(client), cfg)
        self.client = client

    def send_headers(self) -> None:
        """Begin the answer. Whether a body is left that cannot be passed over is known by now."""
        if self.headers_sent:
            return
        if not can_go_on(self.req, self.client):
            self.force_close()
        self.client.expects_continue = False
        super().send_headers()

    def close(self) -> None:
        """End the answer: the mark of the end goes with what comes before it."""
        self.sock.most = sys.maxsize
        super().close()
        self.sock.flush()


def can_go_on(request: Request, client: ClientSocket) -> bool:
    """Tell whether it is known where the next request begins."""
    # Who waits to be asked for a body sends it or not: both look the same.
    if client.expects_continue or client.failed or request.body.failed:
        return False
    if isinstance(request.body.reader, ChunkedReader):
        return ends(request, client)
    return bool(request.body.reader.length <= MOST_TO_DISCARD)


def ends(request: Request, client: ClientSocket) -> bool:
    """Tell whether a chunked body ends soon: forms end before their last chunk does."""
    client.deadline = time.monotonic() + SECONDS_FOR_LAST_CHUNK
    try:
        return not all(request.body.read(1024) for _ in range(PIECES_OF_REST))
    except (OSError, ParseException):
        return False
    finally:
        client.deadline = math.inf
