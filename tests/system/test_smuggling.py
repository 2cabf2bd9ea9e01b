"""A request within another one is never executed, and no other client gets its answer."""

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
"""A view that reads the body, and an address where the server discards it."""
PICTURE = pictures.png(8, 8)
pages = count(1000)
"""The pages of the list. Each request has a different one, so the tests recognize every answer."""


class Stream(io.BytesIO):
    """Bytes from which several answers are read, one after another."""

    def close(self) -> None:
        """Do nothing, so that the stream stays open when an answer ends."""

    def makefile(self, _: str) -> io.BytesIO:
        return self


@dataclass
class Outcome:
    """The result of an attack, and of requests after it."""

    answers: list[tuple[int, object]]
    """The statuses and pages of all answers on the connection of the attack."""
    page: int
    """The page of the last request on that connection."""
    next_client: tuple[int, object]
    """The page that another connection requested, and the page that it got."""
    survived: bool
    """Whether the picture that the hidden request deletes still exists."""


def deletion(filename: str) -> str:
    return f"DELETE /api/upload/{filename} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n"


def written(row: Row, path: str, hidden: str) -> bytes:
    """Return a row as the bytes of a request."""
    facts = {"s": hidden, "n": len(hidden), "path": path, "escaped": quote(hidden.partition(" HTTP")[0])}
    body = row.body.format(**facts)
    lines = (row.first, "Host: 127.0.0.1", *row.lines)
    head = "\r\n".join(line.format(**facts, all=len(body)) for line in lines)
    return f"{head}\r\n\r\n{body}".encode("latin-1")


def exchange(port: int, content: bytes, page: int, *, ends: bool) -> list[tuple[int, object]]:
    """Send an attack, then at once a request for a page of the list, and return all answers.

    The function reads until the server closes the connection. With ``ends``, the client closes its side too.
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
            pass  # the server closed the connection before it had read everything
    return parsed(data, content.split(b" ", 1)[0].decode())


def parsed(data: bytes, method: str) -> list[tuple[int, object]]:
    """Parse all answers; the first one answers ``method``. One without a head (HTTP/0.9) has status 0."""
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
    """Run all attacks, four at a time, each on a separate picture, and return the results."""

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
    # After the first answer comes the answer to our own last request, or an error, and then the end.
    assert later in ([], [(400, None)], [(200, outcome.page)])


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", MALFORMED)
def test_after_an_ambiguous_request_nothing_is_answered(outcomes, name, path):
    statuses = [status for status, _ in outcomes[name, path].answers]
    assert statuses
    assert all(status == 0 or status >= 400 for status in statuses)


def test_legal_requests_are_read_to_their_end(outcomes):
    """This proves that the tests above do not pass only because everything is refused."""
    in_step = {name for name, _ in outcomes if all(outcomes[name, path].answers[1:] for path in PATHS)}
    assert {"chunk that is a request", "GET with a body", "length of a body that is a request"} <= in_step
    assert len(in_step & LEGAL.keys()) > len(LEGAL) / 2


def test_a_request_that_follows_another_openly_is_carried_out(host, port):
    """This proves that the tests above would notice it."""
    filename = str(host.upload(PICTURE)["filename"])
    row = Row(("Content-Length: 0",), "{s}")
    page = next(pages)
    answers = exchange(port, written(row, "/upload", deletion(filename)), page, ends=False)
    assert answers[0][0] >= 400
    assert answers[1:] == [(200, None), (200, page)]
    assert requests.get(f"{host.url}/images/{filename}", timeout=60).status_code == 404
