"""Clients that begin a body and send it slowly, and the memory that nginx needs for them."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.system.nginx import Nginx
from tests.system.server import family

SIZE = 505_000
"""The bytes that each client announces.

It sends all but the last. nginx once kept so many bytes in memory.
"""
ADDRESSES = [f"127.0.0.{number}" for number in range(1, 5)]


@contextmanager
def begun(nginx: Nginx, number: int, addresses: Sequence[str] = ADDRESSES) -> Iterator[list[socket.socket]]:
    """Begin ``number`` uploads, in turn from each of some addresses of this machine."""
    head = f"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: {SIZE}\r\n\r\n".encode()
    with ExitStack() as open_ones:
        lines = []
        for each in range(number):
            source = (addresses[each % len(addresses)], 0)
            line = socket.create_connection(("127.0.0.1", nginx.port), timeout=30, source_address=source)
            open_ones.enter_context(line)
            line.sendall(head)
            lines.append(line)
        for line in lines:
            fill(line)
        yield lines


def fill(line: socket.socket) -> None:
    """Send all of a body except its last byte. Stop if the upload is refused."""
    try:
        line.sendall(bytes(SIZE - 1))
    except OSError:
        return


def memory(nginx: Nginx) -> int:
    """Return the memory of all processes of nginx, in bytes; shared memory is counted once."""
    total = 0
    for process, _ in family(nginx.process.pid):
        try:
            text = Path(f"/proc/{process}/smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # the process has ended: nginx's script runs programs for a short time
        found = text.partition("\nPss:")[2].split()
        total += int(found[0]) * 1024 if found else 0
    return total


def is_refused(line: socket.socket) -> bool:
    """Return whether a refusal (429) has arrived."""
    line.settimeout(0.01)
    try:
        return line.recv(12, socket.MSG_PEEK).startswith(b"HTTP/1.1 429")
    except TimeoutError:
        return False
