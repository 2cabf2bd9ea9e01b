"""Expensive heads are refused, or read at about the cost of a normal one, with and without nginx."""

import json
import os
import socket
from pathlib import Path

import pytest

from tests import pictures
from tests.conftest import FRAGMENT, PAGE
from tests.server.running import Whole, answer
from tests.system.nginx import Host
from tests.system.server import family

TIMES = 20
PLAIN = "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\n"
TOO_LARGE = "request_header_fields_too_large"
FLOODS = {
    "languages": ("Accept-Language", "de-DE;q=0.1,", 2500),
    "types": ("Accept", "text/html;a=b;q=0.1,", 1500),
    "types with spaces": ("Accept", "text/html" + " " * 400 + ";a,", 70),
    "encodings": ("Accept-Encoding", "br;q=0.1,", 3000),
    "tags": ("If-None-Match", 'W/"a",', 4500),
    "tags to match": ("If-Match", '"a",', 7000),
    "quotes that do not end": ("If-None-Match", '"a', 15_000),
    "ranges": ("Range", "bytes=0-1,", 3000),
    "cookies": ("Cookie", "a=b;", 7000),
    "parameters": ("Content-Type", "a/b;a*0=b;", 3000),
    "spaces": ("Content-Type", "a/b;" + " " * 100, 300),
}


def seconds(processes: list[int]) -> float:
    """Return the seconds of processor time that processes took."""
    took = 0
    for process in processes:
        try:
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # one of nginx's processes sleeps for a second and ends
        took += int(fields[11]) + int(fields[12])
    return took / os.sysconf("SC_CLK_TCK")


def cost(way: tuple[int, list[int]], head: str) -> tuple[float, set[int]]:
    """Send a request many times. Return the seconds of the processes, and the statuses."""
    port, processes = way
    begin = seconds(processes)
    statuses = set()
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        for _ in range(TIMES):
            line.sendall(head.encode() + b"\r\n")
            statuses.add(answer(line).status)
    return seconds(processes) - begin, statuses


@pytest.fixture(scope="module", params=["bare", "nginx"])
def way(request: pytest.FixtureRequest, host: Host) -> tuple[int, list[int]]:
    """Return a port, and all processes that handle its requests."""
    if request.param == "bare":
        return host.backends[0].port, host.backends[0].workers()
    servers = [process for backend in host.backends for process in backend.workers()]
    return host.nginx.port, [*servers, *(pid for pid, _ in family(host.nginx.process.pid))]


@pytest.fixture(scope="module")
def path(host: Host) -> str:
    """Return the path of an image."""
    return f"/images/{host.upload(pictures.jpg(32, 24))['filename']}"


@pytest.mark.parametrize("fields", [1, 90])
@pytest.mark.parametrize(("name", "element", "times"), FLOODS.values(), ids=FLOODS)
def test_a_long_header_costs_about_as_much_as_a_short_one(way, path, name, element, times, fields):
    if not name.startswith("Accept"):
        fields = 1  # nginx refuses some of the other headers if they are repeated
    plain = PLAIN.format(path=path)
    least, short = cost(way, f"{plain}{name}: {element}\r\n")
    most, long = cost(way, plain + f"{name}: {element * (times // fields)}\r\n" * fields)
    assert short | long <= {200, 304, 412, 416}
    # The kernel counts in hundredths of a second.
    assert most < 4 * max(least, 0.1), (least, most)


def lines(number: int, size: int) -> str:
    return ("X: " + "x" * (size - 5) + "\r\n") * number


@pytest.mark.parametrize(
    ("fields", "allowed"),
    [
        (lines(90, 340), True),
        (lines(90, 7600), False),
        (lines(1, 31_000), True),
        (lines(1, 33_000), False),
        (lines(5, 8000), False),
        (lines(90, 5), True),
        (lines(101, 5), False),
        (lines(3000, 5), False),
    ],
)
def test_the_limits_of_a_head(way, fields, allowed):
    found = ask(way[0], fields)
    assert found.status == (404 if allowed else 431)
    assert json.loads(found.body)["code"] == ("not_found" if allowed else TOO_LARGE)


@pytest.mark.parametrize("shape", [PAGE, FRAGMENT, {}], ids=["page", "fragment", "json"])
@pytest.mark.parametrize("flood", [lines(101, 5), lines(5, 8000)], ids=["fields", "bytes"])
def test_a_refusal_has_the_shape_and_language_of_its_client(way, shape, flood):
    wanted = {**shape, "Accept-Language": "de"}
    found = ask(way[0], "".join(f"{name}: {value}\r\n" for name, value in wanted.items()) + flood)
    assert found.status == 431
    text = found.body.decode()
    assert ("<!doctype" in text, "<p" in text) == (shape == PAGE, bool(shape))
    sentence = text if shape else json.loads(text)["message"]
    assert "Bitte" in sentence or "bitte" in sentence


def ask(port: int, fields: str) -> Whole:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        line.sendall(f"GET /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\n{fields}\r\n".encode())
        return answer(line)
