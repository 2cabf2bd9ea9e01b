"""Heads of requests over real sockets: their limits, and the same refusals as gunicorn's own worker."""

import socket
from collections.abc import Iterator

import pytest

from imagehost.server.heads import LONGEST_HEAD, pared
from tests.server.running import Small, answer, ended

BEGINNING = b"GET /hello HTTP/1.1\r\nHost: x\r\nAccept: text/html"


@pytest.fixture(scope="module")
def small() -> Iterator[Small]:
    with Small() as running:
        yield running


@pytest.fixture(scope="module")
def gthread() -> Iterator[Small]:
    """Run gunicorn with its own worker."""
    with Small(worker="gthread") as running:
        yield running


def filled(size: int, *, name: bytes = b"Cookie") -> bytes:
    """Return a head of ``size`` bytes."""
    return BEGINNING + b"\r\n" + name + b": " + b"x" * (size - len(BEGINNING) - len(name) - 8) + b"\r\n\r\n"


def test_a_head_of_32_kib_is_read_and_a_byte_more_is_not(small):
    for size, status in [(LONGEST_HEAD, 200), (LONGEST_HEAD + 1, 431), (10 * LONGEST_HEAD, 431)]:
        head = filled(size)
        assert len(head) == size
        with small.send(head) as line:
            assert answer(line).status == status


def test_a_head_that_never_ends_is_refused_at_its_limit(small):
    with small.send(BEGINNING + b"\r\nX: " + b"x" * LONGEST_HEAD) as line:
        found = answer(line)
        # The application receives the fields that decide the shape of the answer.
        assert (found.status, found.body) == (431, b"/hello text/html")
        assert ended(line)


def test_a_hundred_fields_are_read_and_one_more_is_not(small):
    for number, status in [(98, 200), (99, 431), (5000, 431)]:
        with small.send(BEGINNING + b"\r\nX: y" * number + b"\r\n\r\n") as line:
            assert answer(line).status == status


def test_a_long_address_is_refused_as_such(small):
    for rest in (b" HTTP/1.1\r\nHost: x\r\n\r\n", b""):
        with small.send(b"GET /hello?" + b"x" * (40_000 if not rest else 9000) + rest) as line:
            found = answer(line)
            assert (found.status, found.body) == (414, b"/hello -")


@pytest.mark.parametrize(
    ("head", "kept"),
    [
        (b"HEAD /a?b HTTP/1.0\r\nHOST: x\r\nX: y\r\n\r\n", b"HEAD /a HTTP/1.1\r\nhost: x\r\n\r\n"),
        (b"POST /a HTTP/1.1\r\nAccept: a\r\nAccept: b", b"GET /a HTTP/1.1\r\naccept: a\r\n\r\n"),
        (b"PUT /a HTTP/1.1\r\nAccept: " + b"a" * 2000, b"GET /a HTTP/1.1\r\n\r\n"),
        (b"GET /a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked", b"GET /a HTTP/1.1\r\n\r\n"),
        (b"\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"),
        (b"GARBAGE", b"GET / HTTP/1.1\r\n\r\n"),
        (b"", b"GET / HTTP/1.1\r\n\r\n"),
    ],
)
def test_only_some_fields_of_a_refused_head_are_kept(head, kept):
    assert pared(head) == kept


BODY = b"Content-Length: 5\r\n\r\nabcde"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
SUSPECT = {
    "two hosts": b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "two lengths": b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n" + BODY,
    "two lengths that differ": b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n" + BODY,
    "length and chunks": b"POST /read HTTP/1.1\r\nHost: x\r\n" + CHUNKED + BODY,
    "chunks and length": b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
    + CHUNKED
    + b"\r\n0\r\n\r\n",
    "chunks of 1.0": b"POST /read HTTP/1.0\r\nHost: x\r\n" + CHUNKED + b"\r\n0\r\n\r\n",
    "chunked twice": b"POST /read HTTP/1.1\r\nHost: x\r\n" + CHUNKED + CHUNKED + b"\r\n0\r\n\r\n",
    "chunked before another": b"POST /read HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
    "an unknown coding": b"POST /read HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n",
    "a tab in the coding": b"POST /read HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n",
    "a form feed": b"POST /read HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \x0cchunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\nabcde",
    "a negative length": b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\nabcde",
    "a signed length": b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nabcde",
    "a length list": b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\nabcde",
    "a length in hex": b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 0x5\r\n\r\nabcde",
    "a length by underline": b"POST /read HTTP/1.1\r\nHost: x\r\nContent_Length: 5\r\n\r\nabcde",
    "a folded line": b"GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n",
    "a folded first line": b"GET / HTTP/1.1\r\n Host: x\r\n\r\n",
    "line feeds only": b"GET / HTTP/1.1\nHost: x\n\n",
    "one line feed": b"GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n",
    "a line feed at the end": b"GET / HTTP/1.1\r\nHost: x\r\n\n",
    "carriage returns only": b"GET / HTTP/1.1\rHost: x\r\r\r\n\r\n",
    "a null": b"GET / HTTP/1.1\r\nHost: x\0\r\n\r\n",
    "an empty line first": b"\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "two empty lines first": b"\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "no field at all": b"GET / HTTP/1.1\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "an odd version": b"GET / HTTP/1.10\r\nHost: x\r\n\r\n",
    "a small method": b"get / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a field without a name": b"GET / HTTP/1.1\r\n: x\r\n\r\n",
    "a field without a colon": b"GET / HTTP/1.1\r\nHost\r\n\r\n",
    "a broken chunk": b"POST /read HTTP/1.1\r\nHost: x\r\n" + CHUNKED + b"\r\n5\r\nabcdeXX",
    "a size that is none": b"POST /read HTTP/1.1\r\nHost: x\r\n" + CHUNKED + b"\r\n0x5\r\nabcde\r\n0\r\n\r\n",
    "a trailer that frames": b"POST /read HTTP/1.1\r\nHost: x\r\n"
    + CHUNKED
    + b"\r\n0\r\nContent-Length: 5\r\n\r\n",
    "a body of a GET": b"GET /hello HTTP/1.1\r\nHost: x\r\n" + BODY,
    "a request in a body": b"POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 29\r\n\r\n"
    + b"GET / HTTP/1.1\r\nHost: evil\r\n\r\n"[:29],
    "bytes above ASCII": b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}
NEXT = b"GET /stream HTTP/1.0\r\nHost: next\r\n\r\n"


def statuses(small: Small, data: bytes) -> list[int]:
    """Send a request and another one after it, and return the statuses of all answers."""
    found = []
    with small.send(data + NEXT) as line:
        line.shutdown(socket.SHUT_WR)
        while True:
            try:
                found.append(answer(line).status)
            except (OSError, ValueError):
                return found


@pytest.mark.parametrize("data", SUSPECT.values(), ids=SUSPECT)
def test_requests_that_gunicorn_refuses_are_refused(small, gthread, data):
    """Our worker splits bytes into requests exactly as gunicorn's own worker does."""
    assert statuses(small, data) == statuses(gthread, data)
