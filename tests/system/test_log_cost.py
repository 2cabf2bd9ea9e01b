"""One client can only write limited lines and bytes to the log of the bare server.

All refusals are counted.
"""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from imagehost.logs.repeats import LINES
from tests import pictures
from tests.system.server import Server

WORKERS = 2
TIMES = 600
MOST_OF_A_LINE = 1500
"""The maximum number of bytes of a line."""
MOST_LINES = (LINES + 1) * WORKERS
"""The maximum number of lines of one kind in a minute. The test may last into the next minute."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path, WEB_SERVER_WORKERS=WORKERS, RATE_LIMIT_ENABLED="true") as running:
        yield running


def connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=30)


def ask_for_nothing(server: Server, line: socket.socket, number: int) -> None:
    """Request a long address that does not exist, and read the answer."""
    target = f"/{number}" + "x" * 3900
    line.sendall(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode())
    answer = b""
    while b"}\n" not in answer:
        piece = line.recv(65536)
        assert piece, answer
        answer += piece


def test_one_connection_writes_few_lines_of_a_bounded_length(server):
    log = server.folder / "logs" / "app.log"
    before = log.stat().st_size
    with connect(server) as line:
        for number in range(TIMES):
            ask_for_nothing(server, line, number)
    # Every upload has a line.
    filename = upload(server)
    written = log.stat().st_size - before
    lines = [each for each in log.read_text().splitlines() if " refused " in each]
    assert len(lines) <= 2 * MOST_LINES
    assert max(map(len, lines)) <= MOST_OF_A_LINE
    assert written <= 2 * MOST_LINES * MOST_OF_A_LINE
    assert f"image uploaded image={filename}" in log.read_text()
    server.stop()
    assert counted(log.read_text(), "refused") == TIMES


def test_bad_requests_write_no_more_than_others_and_nothing_on_the_console(server):
    log = server.folder / "logs" / "app.log"
    printed, written = server.output.stat().st_size, log.stat().st_size
    for _ in range(TIMES):
        with connect(server) as line:
            line.sendall(b"\xff\x1b[2J" * 700 + b"\r\n\r\n")
            assert line.recv(1000).startswith(b"HTTP/1.1 4")
    assert server.output.stat().st_size == printed
    assert log.stat().st_size - written <= 2 * MOST_LINES * MOST_OF_A_LINE
    server.stop()
    text = log.read_text()
    assert max(map(len, text.splitlines())) <= MOST_OF_A_LINE
    assert "\x1b" not in text
    assert counted(text, "refused") == TIMES


def upload(server: Server) -> str:
    """Upload a picture, and return its filename."""
    answer = requests.post(f"{server.url}/upload", files={"file": ("x.png", pictures.png())}, timeout=60)
    return answer.json()["filename"]


def counted(text: str, event: str) -> int:
    """Count events. Each has a line, or is in the number of a summary line."""
    ours = [line for line in text.splitlines() if f" {event} " in line]
    times = [re.search(r"times=(\d+)$", line) for line in ours]
    return sum(int(found[1]) if found else 1 for found in times)
