"""How answers go onto the wire: head, body and end of a small one at once.

gunicorn sends one after the other. A process that is killed in between leaves a proxy with half an answer,
which has been passed on already, where another process could have been asked.
"""

import os
import socket
import sys
from typing import Any, BinaryIO

from gunicorn.http import wsgi

BEGINNING = 64 * 1024
"""Bytes of a file that go with the head; the kernel sends the rest."""


class Together:
    """A client's socket, as gunicorn's answers use one: what comes last is held until more follows."""

    def __init__(self, client: socket.socket) -> None:
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


def send_together() -> None:
    """Let all of gunicorn's answers use such sockets."""
    begin, end = wsgi.Response.__init__, wsgi.Response.close

    def begin_held(answer: Any, request: Any, client: socket.socket, *rest: Any) -> None:
        begin(answer, request, Together(client), *rest)

    def end_flushed(answer: Any) -> None:
        # So that the mark of the end goes with what comes before it.
        answer.sock.most = sys.maxsize
        end(answer)
        answer.sock.flush()

    wsgi.Response.__init__ = begin_held
    wsgi.Response.close = end_flushed
