"""Run gunicorn with our Worker, or with its own, for the small application."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from imagehost.settings.reader import ROOT
from tests.ports import free_port
from tests.system.server import wait_until

MODULE = "tests.server.small"
ESTABLISHED = "01"
"""The state of an open connection in /proc/net/tcp (include/net/tcp_states.h of Linux)."""


class Small:
    """A server with one worker. It ends at the end of the ``with`` block, and all connections to it close."""

    def __init__(self, **settings: object) -> None:
        self.port = free_port()
        self.opened: list[socket.socket] = []
        given = {f"SMALL_{name.upper()}": str(value) for name, value in settings.items()}
        self.environment = {**os.environ, "SMALL_PORT": str(self.port), **given}

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "gunicorn", "-c", f"python:{MODULE}", f"{MODULE}:app"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment)
        wait_until(self.is_up, "the server does not answer", 30)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hang_up()
        self.process.send_signal(signal.SIGQUIT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def hang_up(self) -> None:
        """Close all connections to the server."""
        while self.opened:
            self.opened.pop().close()

    def is_serving(self, line: socket.socket) -> bool:
        """Return whether the server's end of a connection is open. The client need not read to find out."""
        ends = (f":{self.port:04X}", f":{line.getsockname()[1]:04X}")
        sockets = (entry.split() for entry in Path("/proc/net/tcp").read_text().splitlines())
        return any(
            own.endswith(ends[0]) and other.endswith(ends[1]) and state == ESTABLISHED
            for _, own, other, state, *_ in sockets
        )

    def is_up(self) -> bool:
        assert self.process.poll() is None, "the server ended"
        try:
            return self.ask("/").status == 200
        except OSError:
            return False

    def connect(self, source: str = "127.0.0.1") -> socket.socket:
        """Open a connection. It stays open even if the test does not close it."""
        line = socket.create_connection(("127.0.0.1", self.port), timeout=20, source_address=(source, 0))
        # Without this reference, a connection of a test that fails would be reported in a later test.
        self.opened.append(line)
        return line

    def send(self, data: bytes, source: str = "127.0.0.1") -> socket.socket:
        """Open a connection, and send data."""
        line = self.connect(source)
        line.sendall(data)
        return line

    def ask(self, path: str) -> http.client.HTTPResponse:
        """Request a path on a new connection."""
        with self.send(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()) as line:
            return answer(line)


class Whole(http.client.HTTPResponse):
    """An answer whose body has been read."""

    body: bytes


def answer(line: socket.socket, method: str = "GET") -> Whole:
    """Read one answer, and no byte after its end."""
    found = Whole(line, method=method)
    unbuffered = socket.SocketIO(line, "r")
    found.fp = Slowly(unbuffered)  # type: ignore[assignment]
    found.begin()
    found.body = found.read()
    return found


class Slowly:
    """Read lines byte by byte, so that bytes after an answer stay in the socket."""

    def __init__(self, raw: socket.SocketIO) -> None:
        self.raw = raw

    def readline(self, limit: int = -1) -> bytes:
        line = b""
        while not line.endswith(b"\n") and (byte := self.raw.read(1)):
            line += byte
            if len(line) == limit:
                break
        return line

    def read(self, size: int = -1) -> bytes:
        data = b""
        while (size < 0 or len(data) < size) and (
            piece := self.raw.read(65536 if size < 0 else size - len(data))
        ):
            data += piece
        return data

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass


def is_open(line: socket.socket) -> bool:
    """Return whether the server neither sent anything nor closed the connection."""
    line.setblocking(False)
    try:
        return line.recv(1, socket.MSG_PEEK) == b"never"
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        line.settimeout(20)


def ended(line: socket.socket) -> bool:
    """Return whether the server closed the connection without sending anything more."""
    try:
        return line.recv(1) == b""
    except ConnectionResetError:
        return True


def trickle(line: socket.socket, data: bytes, pause: float) -> int:
    """Send byte by byte until the server answers; return the number of bytes sent."""
    sent = 0
    for byte in data:
        if not is_open(line):
            break
        try:
            line.sendall(bytes([byte]))
        except OSError:
            break
        sent += 1
        time.sleep(pause)
    return sent
