"""The head of an answer is sent together with its body."""

import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from gunicorn.config import Config
from gunicorn.http.body import Body, LengthReader
from gunicorn.http.unreader import IterUnreader

from imagehost.server.answers import BEGINNING, Answer
from imagehost.server.client_socket import ClientSocket

BODY = b"hello"
HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Return the two ends of a connection that keeps the pieces in which data was sent."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    theirs.settimeout(10)
    with ours, theirs:
        yield ours, theirs


def begun(client: socket.socket, method: str, headers: dict[str, str]) -> Answer:
    body = Body(LengthReader(IterUnreader([]), 0))
    request = SimpleNamespace(method=method, version=(1, 1), should_close=lambda: False, body=body)
    answer = Answer(request, ClientSocket(client), Config())
    answer.start_response("200 OK", list(headers.items()))
    return answer


def pieces(ours: socket.socket, theirs: socket.socket) -> list[bytes]:
    """Return the pieces that were sent."""
    ours.shutdown(socket.SHUT_WR)
    return list(iter(lambda: theirs.recv(1024 * 1024), b""))


def test_the_head_is_sent_with_the_body(ends):
    answer = begun(ends[0], "GET", {"Content-Length": "5"})
    answer.write(BODY)
    answer.close()
    (piece,) = pieces(*ends)
    assert piece.startswith(HEAD)
    assert piece.endswith(b"\r\n\r\nhello")


def test_a_stream_of_one_part_is_one_piece(ends):
    answer = begun(ends[0], "GET", {})
    answer.write(BODY)
    answer.close()
    (piece,) = pieces(*ends)
    assert piece.endswith(b"\r\n\r\n5\r\nhello\r\n0\r\n\r\n")


def test_a_longer_stream_is_sent_in_parts_and_its_end_with_the_last_one(ends):
    answer = begun(ends[0], "GET", {})
    for part in (b"one", b"two", b"three"):
        answer.write(part)
    answer.close()
    first, *rest = pieces(*ends)
    assert first.endswith(b"\r\n\r\n3\r\none\r\n")
    assert rest == [b"3\r\ntwo\r\n", b"5\r\nthree\r\n0\r\n\r\n"]


@pytest.mark.parametrize(("method", "body"), [("GET", b""), ("HEAD", BODY)])
def test_a_head_without_a_body_is_sent_alone(ends, method, body):
    answer = begun(ends[0], method, {"Content-Length": str(len(body))})
    answer.write(body)
    answer.close()
    (piece,) = pieces(*ends)
    assert piece.startswith(HEAD)
    assert piece.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("size", [0, 5, BEGINNING, BEGINNING + 1, 3 * BEGINNING])
@pytest.mark.parametrize("offset", [0, 3])
def test_the_head_is_sent_with_the_beginning_of_a_file(tmp_path: Path, size, offset):
    content = bytes(range(256)) * (size // 256 + 1)
    path = tmp_path / "file"
    path.write_bytes(b"x" * offset + content)
    ours, theirs = socket.socketpair()
    theirs.settimeout(10)
    with ours, theirs, path.open("rb") as file:
        file.seek(offset)
        answer = begun(ours, "GET", {"Content-Length": str(size)})
        answer.write_file(SimpleNamespace(filelike=file, blksize=8192))
        answer.close()
        ours.shutdown(socket.SHUT_WR)
        head, _, body = b"".join(iter(lambda: theirs.recv(1024 * 1024), b"")).partition(b"\r\n\r\n")
    assert head.startswith(HEAD.strip())
    assert body == content[:size]
