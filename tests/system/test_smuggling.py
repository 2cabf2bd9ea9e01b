"""A request within another is never carried out, nor answered to the next client: bare, and through nginx."""

import io
import json
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from itertools import count
from urllib.parse import quote

import pytest
import requests

from tests import pictures
from tests.system.nginx import Host
from tests.system.smuggling import LEGAL, MALFORMED, ROWS, WAITS, Row

PORTS: dict[str, Callable[[Host], int]] = {
    "bare": lambda host: host.backends[0].port,
    "nginx": lambda host: host.nginx.port,
}
PATHS = {"read": "/upload", "drained": "/nowhere"}
"""A view that reads the body, and an answer for which nobody does."""
PICTURE = pictures.png(8, 8)
pages = count(1000)
"""Of the list, one for each request, so that every answer is known again."""


class Stream(io.BytesIO):
    """Bytes in which one answer after another is read."""

    def close(self) -> None:
        """Stay open when an answer ends."""

    def makefile(self, _: str) -> io.BytesIO:
        return self


@dataclass
class Outcome:
    """What came of an attack, and of requests after it."""

    answers: list[tuple[int, object]]
    """The statuses and pages of all answers on the connection of the attack."""
    page: int
    """The page that the connection was asked for last."""
    next_client: tuple[int, object]
    """The page that another connection was asked for, and got."""
    survived: bool
    """Whether the picture is there that the hidden request deletes."""


def deletion(filename: str) -> str:
    return f"DELETE /api/upload/{filename} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n"


def written(row: Row, path: str, hidden: str) -> bytes:
    """A row as it is sent."""
    facts = {"s": hidden, "n": len(hidden), "path": path, "escaped": quote(hidden.partition(" HTTP")[0])}
    body = row.body.format(**facts)
    lines = (row.first, "Host: 127.0.0.1", *row.lines)
    head = "\r\n".join(line.format(**facts, all=len(body)) for line in lines)
    return f"{head}\r\n\r\n{body}".encode("latin-1")


def exchange(port: int, content: bytes, page: int, *, ends: bool) -> list[tuple[int, object]]:
    """Send it, and right after it a request for a page of the list; give all answers until the server closes.

    ``ends`` closes this side too.
    """
    last = f"GET /images-list?page={page} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
    data = b""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        try:
            line.sendall(content + last)
            if ends:
                line.shutdown(socket.SHUT_WR)
            while piece := line.recv(65536):
                data += piece
        except ConnectionError:
            pass  # it closed before it had read all
    return parsed(data, content.split(b" ", 1)[0].decode())


def parsed(data: bytes, method: str) -> list[tuple[int, object]]:
    """Every answer, the first of which is to this method; status 0 where one is without a head (HTTP/0.9)."""
    stream, found = Stream(data), []
    while stream.tell() < len(data):
        answer = HTTPResponse(stream, method="GET" if found else method)
        try:
            answer.begin()
        except HTTPException:
            return [*found, (0, None)]
        body = answer.read()
        is_json = answer.headers.get_content_type() == "application/json"
        found.append((answer.status, json.loads(body).get("page") if is_json and body else None))
    return found


@pytest.fixture(scope="module", params=PORTS)
def port(request: pytest.FixtureRequest, host: Host) -> int:
    return PORTS[request.param](host)


@pytest.fixture(scope="module")
def outcomes(host: Host, port: int) -> dict[tuple[str, str], Outcome]:
    """All attacks, four at a time, each on a picture of its own."""

    def run(key: tuple[str, str]) -> Outcome:
        name, path = key
        filename = str(host.upload(PICTURE)["filename"])
        page, other = next(pages), next(pages)
        content = written(ROWS[name], PATHS[path], deletion(filename))
        answers = exchange(port, content, page, ends=name in WAITS)
        listed = requests.get(f"http://127.0.0.1:{port}/images-list?page={other}", timeout=60).json()
        survived = requests.get(f"{host.url}/images/{filename}", timeout=60).status_code == 200
        return Outcome(answers, page, (other, listed.get("page")), survived)

    keys = [(name, path) for name in ROWS for path in PATHS]
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(keys, pool.map(run, keys), strict=True))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", ROWS)
def test_a_hidden_request_is_neither_carried_out_nor_answered_to_anybody(outcomes, name, path):
    outcome = outcomes[name, path]
    asked, got = outcome.next_client
    assert outcome.survived
    assert got == asked
    _, *later = outcome.answers or [None]
    # After the first answer comes that to our own last request, or a complaint, and the end.
    assert later in ([], [(400, None)], [(200, outcome.page)])


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", MALFORMED)
def test_after_what_can_be_read_in_two_ways_nothing_is_answered(outcomes, name, path):
    statuses = [status for status, _ in outcomes[name, path].answers]
    assert statuses
    assert all(status == 0 or status >= 400 for status in statuses)


def test_what_is_legal_is_read_to_its_end(outcomes):
    """So the tests above do not pass because everything is refused."""
    in_step = {name for name, _ in outcomes if all(outcomes[name, path].answers[1:] for path in PATHS)}
    assert {"chunk that is a request", "GET with a body", "length of a body that is a request"} <= in_step
    assert len(in_step & LEGAL.keys()) > len(LEGAL) / 2


def test_a_request_that_follows_another_openly_is_carried_out(host, port):
    """So the tests above would notice."""
    filename = str(host.upload(PICTURE)["filename"])
    row = Row(("Content-Length: 0",), "{s}")
    page = next(pages)
    answers = exchange(port, written(row, "/upload", deletion(filename)), page, ends=False)
    assert answers[0][0] >= 400
    assert answers[1:] == [(200, None), (200, page)]
    assert requests.get(f"{host.url}/images/{filename}", timeout=60).status_code == 404
