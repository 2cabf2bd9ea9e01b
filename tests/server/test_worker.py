"""The Worker over real sockets: heads, bodies, answers, and connections that stay open or end."""

import errno
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from gunicorn.workers.gthread import ThreadWorker

from imagehost.server.worker import Worker
from tests.server.running import Small, answer, ended, is_open, trickle
from tests.system.server import wait_until

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
HALF = b"GET / HTTP/1.1\r\nHost: x\r\nCookie: a"
CLOSED = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
FILE_SIZE = 24 * 1024 * 1024


def post(path: str, *lines: str) -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: x", *lines, "", ""]).encode()


READ = post("/read", "Content-Length: 4")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("small")


@pytest.fixture(scope="module")
def shared(folder: Path) -> Iterator[Small]:
    """Run a server with two threads for requests with a body, two for others, and short time limits."""
    (folder / "file").write_bytes(os.urandom(1024) * (FILE_SIZE // 1024))
    with Small(file=folder / "file") as running:
        yield running


@pytest.fixture
def small(shared: Small) -> Iterator[Small]:
    """Return the server that all tests share, without connections of an earlier test."""
    yield shared
    shared.hang_up()


def test_the_methods_that_the_worker_overrides_exist():
    """A new version of gunicorn may rename its methods."""
    own = {"go_on", "watch", "unwatch", "drop", "on_readable", "make_room", "serves_more"}
    own |= {"answer_next", "defer_finish"}
    methods = {name for name, value in vars(Worker).items() if callable(value)}
    assert methods - own == {name for name in methods - own if hasattr(ThreadWorker, name)}
    assert own <= methods


class Failing:
    """A socket of a server whose next connection is lost."""

    def __init__(self, number: int) -> None:
        self.error = OSError(number, os.strerror(number))

    def accept(self) -> None:
        raise self.error


@pytest.mark.parametrize("name", ["EAGAIN", "ECONNABORTED", "EPROTO", "EPERM", "ENETDOWN", "EHOSTUNREACH"])
def test_a_connection_that_is_lost_before_it_is_accepted_ends_no_worker(name):
    worker = Worker.__new__(Worker)
    worker.nr_conns = 0
    worker.accept(Failing(getattr(errno, name)))
    assert worker.nr_conns == 0
    with pytest.raises(OSError, match="Bad file descriptor"):
        worker.accept(Failing(errno.EBADF))


def test_half_sent_heads_occupy_no_thread():
    with Small(head=4) as small:
        begun = [small.send(HALF) for _ in range(50)]
        assert small.ask("/").body == b"hello"
        assert all(map(is_open, begun))
        for line in begun:
            found = answer(line)
            assert (found.status, b"request_timeout" in found.body) == (408, True)
            assert ended(line)


def test_a_head_has_a_total_time_limit(small):
    with small.connect() as line:
        begin = time.monotonic()
        sent = trickle(line, HALF + b"a" * 1000, 0.05)
        assert 5 < sent < len(HALF) + 900
        assert time.monotonic() - begin > 0.9
        assert answer(line).status == 408


def test_a_head_that_comes_byte_by_byte_is_read(small):
    with small.connect() as line:
        assert trickle(line, GET, 0.002) == len(GET)
        assert answer(line).body == b"hello"


def test_a_connection_without_a_byte_is_closed_without_an_answer(small):
    with small.connect() as line:
        assert ended(line)


def test_an_idle_connection_may_last_longer_than_a_head(small):
    with small.send(GET) as line:
        assert answer(line).body == b"hello"
        time.sleep(1.6)
        line.sendall(GET)
        assert answer(line).body == b"hello"
        assert ended(line)


def test_requests_that_come_together_are_answered_in_turn(small):
    body = b"x" * 3000
    both = post("/read", "Content-Length: 3000") + body + post("/refuse", "Content-Length: 3000") + body
    with small.send((GET + both) * 5 + HALF) as line:
        found = [answer(line).body for _ in range(15)]
        assert found == [b"hello", b"3000", b"no"] * 5
        line.sendall(b"\r\n\r\n")
        assert answer(line).body == b"hello"


@pytest.mark.parametrize("request_head", [CLOSED, b"GET / HTTP/1.0\r\n\r\n"], ids=["asked", "1.0"])
def test_a_connection_that_is_to_close_closes(small, request_head):
    with small.send(request_head + GET) as line:
        found = answer(line)
        assert (found.status, found.getheader("Connection")) == (200, "close")
        assert ended(line)


@pytest.mark.parametrize("pieces", [1, 3], ids=["together", "one by one"])
def test_a_chunked_body_is_read_and_the_connection_stays_open(small, pieces):
    sent = [post("/first", "Transfer-Encoding: chunked"), b"6\r\nabcdef\r\n", b"0\r\n\r\n"]
    with small.connect() as line:
        for part in [b"".join(sent)] if pieces == 1 else sent:
            line.sendall(part)
            time.sleep(0.05)
        found = answer(line)
        assert (found.body, found.getheader("Connection")) == (b"abcde", "keep-alive")
        line.sendall(GET)
        assert answer(line).body == b"hello"


def chunked(data: bytes, size: int) -> bytes:
    """Encode a body in chunks of one size."""
    pieces = (data[start : start + size] for start in range(0, len(data), size))
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@pytest.mark.parametrize(("length", "size", "status"), [(900, 1, 200), (500_000, 200, 200), (2000, 1, 400)])
def test_a_body_may_have_some_tiny_chunks_and_not_very_many(small, length, size, status):
    """gunicorn takes 6 s for a million of them."""
    body = chunked(b"x" * length, size)
    with small.send(post("/read", "Transfer-Encoding: chunked") + body) as line:
        found = answer(line)
        assert (found.status, found.body == b"%d" % length) == (status, status == 200)


def test_the_trailers_of_a_chunked_body_are_limited(small):
    """gunicorn accepts 3 MB of trailers, and searches all of them again whenever a piece comes."""
    with small.send(post("/read", "Transfer-Encoding: chunked") + b"0\r\nA: " + b"b" * 60_000) as line:
        assert answer(line).status == 400


def test_a_chunked_body_that_continues_after_the_answer_closes_the_connection(small):
    with small.send(post("/refuse", "Transfer-Encoding: chunked") + b"5\r\nabcde\r\n") as line:
        found = answer(line)
        assert (found.status, found.getheader("Connection")) == (413, "close")
        assert ended(line)


@pytest.mark.parametrize("size", [10, 100_000, 20_000_000])
def test_a_refused_body_is_discarded_and_the_connection_stays_open(small, size):
    with small.send(post("/refuse", f"Content-Length: {size}")) as line:
        assert answer(line).status == 413
        line.sendall(b"G" * size)
        line.sendall(GET)
        assert answer(line).body == b"hello"


def test_a_refused_body_that_trickles_is_not_passed_over_for_long(small):
    with small.send(post("/refuse", "Content-Length: 100000")) as line:
        assert answer(line).status == 413
        assert trickle(line, b"x" * 1000, 0.05) < 100
        assert ended(line)


def test_a_refused_body_that_is_far_too_large_ends_the_connection(small):
    with small.send(post("/refuse", "Content-Length: 900000000000")) as line:
        found = answer(line)
        assert (found.status, found.getheader("Connection")) == (413, "close")


def test_a_body_that_trickles_is_ended(small):
    with small.send(post("/read", "Content-Length: 1000000")) as line:
        begin = time.monotonic()
        assert trickle(line, b"x" * 1000, 0.05) < 100
        assert time.monotonic() - begin > 0.9
        found = answer(line)
        assert (found.status, found.body, found.getheader("Connection")) == (408, b"slow", "close")


def test_a_body_above_the_lowest_rate_may_last(small):
    """At 20 kB/s the body takes three times the grace period."""
    with small.send(post("/read", "Content-Length: 60000")) as line:
        for _ in range(60):
            line.sendall(b"x" * 1000)
            time.sleep(0.05)
        assert answer(line).body == b"60000"


class TestExpect:
    """The server sends 100 Continue when the application begins to read."""

    def test_the_body_is_asked_for(self, small):
        with small.send(post("/read", "Content-Length: 5", "Expect: 100-continue")) as line:
            assert line.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
            line.sendall(b"abcde")
            found = answer(line)
            assert (found.body, found.getheader("Connection")) == (b"5", "keep-alive")

    def test_a_refusal_is_sent_instead_of_100(self, small):
        with small.send(post("/refuse", "Content-Length: 5", "Expect: 100-continue")) as line:
            found = answer(line)
            # The server cannot know whether the client sends the body nevertheless.
            assert (found.status, found.getheader("Connection")) == (413, "close")
            assert ended(line)

    def test_a_client_that_does_not_wait_gets_no_100(self, small):
        with small.send(post("/read", "Content-Length: 5", "Expect: 100-continue") + b"abcde" + GET) as line:
            assert answer(line).body == b"5"
            assert answer(line).body == b"hello"

    def test_an_old_client_is_not_asked(self, small):
        head = b"POST /read HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
        with small.send(head) as line:
            line.sendall(b"abcde")
            assert answer(line).body == b"5"

    def test_other_expectations_are_refused(self, small):
        with small.send(post("/read", "Content-Length: 5", "Expect: money")) as line:
            assert answer(line).status == 417


def test_a_client_that_reads_nothing_loses_its_thread(small):
    """Four clients share two threads. A visitor may be served before the last client loses its thread."""
    lines = [small.send(b"GET /file HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(4)]
    assert small.ask("/").body == b"hello"
    wait_until(lambda: not any(map(small.is_serving, lines)), "a client still has its thread")
    for line in lines:
        received = 0
        try:
            while data := line.recv(1024 * 1024):
                received += len(data)
        except ConnectionResetError:
            pass
        assert received < FILE_SIZE


def test_a_client_that_reads_everything_gets_everything(small, folder):
    assert small.ask("/file").body == (folder / "file").read_bytes()


def test_a_client_that_reads_slowly_but_steadily_gets_everything():
    """The kernel accepts 2 MB at once, then nothing for long: only bytes that the client receives count."""
    with Small(file=__file__, grace="0.5") as small, socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        line.settimeout(20)
        line.connect(("127.0.0.1", small.port))
        line.sendall(b"GET /stream HTTP/1.0\r\n\r\n")
        received = 0
        begin = time.monotonic()
        while data := line.recv(20_000):
            received += len(data)
            if time.monotonic() - begin < 3:
                time.sleep(0.1)
        assert received > 2_000_000


def test_a_stream_comes_whole(small):
    with small.send(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n") as line:
        assert answer(line).body == b"x" * 2_000_000


def test_slow_uploads_hold_up_no_page_and_no_other_upload_for_long():
    """Four slow uploads occupy both threads for bodies, and lose them when another upload waits."""
    with Small(grace=60) as small:
        slow = [small.send(post("/read", "Content-Length: 1000") + b"x") for _ in range(4)]
        assert small.ask("/").body == b"hello"
        assert all(map(is_open, slow))
        with small.send(post("/read", "Content-Length: 3") + b"abc") as line:
            assert answer(line).body == b"3"
        assert sum(map(is_open, slow)) in {1, 2}


@pytest.mark.parametrize(
    ("many", "one"),
    [
        pytest.param(READ, READ + b"abcd", id="up"),
        pytest.param(GET.replace(b"/", b"/file", 1), GET, id="down"),
    ],
)
def test_many_slow_connections_of_one_client_do_not_delay_others(small, many, one):
    """Forty connections of one client wait for two threads, and another client is served next."""
    slow = [small.send(many, "127.0.0.9") for _ in range(40)]
    with small.send(one) as line:
        assert answer(line).status == 200
    assert sum(map(is_open, slow)) >= 32


def test_an_error_of_the_application_is_reported_once(small):
    with small.send(b"GET /fails HTTP/1.1\r\nHost: x\r\n\r\n") as line:
        found = answer(line)
        assert (found.status, b"internal_error" in found.body) == (500, True)
        assert ended(line)
    with small.send(b"GET /breaks HTTP/1.1\r\nHost: x\r\n\r\n") as line:
        data = b"".join(iter(lambda: line.recv(100_000), b""))
        assert data.count(b"HTTP/1.1") == 1


def test_a_waiting_request_notices_that_its_client_has_left(tmp_path):
    with Small(file=tmp_path / "noted") as small:
        small.send(b"GET /gone HTTP/1.1\r\nHost: x\r\n\r\n").close()
        wait_until((tmp_path / "noted").exists, "it was not noticed")


def test_idle_connections_make_room_the_oldest_first():
    with Small(connections=20, head=30) as small:
        lines = []
        for _ in range(19):
            lines.append(small.send(GET))
            assert answer(lines[-1]).body == b"hello"
        # The first connection is used again, so that others have been idle for longer.
        lines[0].sendall(GET)
        assert answer(lines[0]).body == b"hello"
        for _ in range(10):
            small.connect()
        for _ in range(5):
            assert small.ask("/").body == b"hello"
        assert [is_open(line) for line in lines[1:11]] == [False] * 10
        lines[0].sendall(GET)
        assert answer(lines[0]).body == b"hello"


def test_half_sent_heads_make_room_too():
    with Small(connections=20, head=30) as small:
        lines = [small.send(HALF) for _ in range(60)]
        assert small.ask("/").body == b"hello"
        assert 10 < sum(map(is_open, lines)) < 20
        assert answer(lines[0]).status == 503


def test_requests_without_a_thread_make_room_at_last():
    with Small(connections=20, grace=60) as small:
        for _ in range(40):
            small.send(post("/read", "Content-Length: 1000") + b"x")
        assert small.ask("/").body == b"hello"


def test_a_stop_lets_open_requests_finish():
    with Small(grace=60) as small, small.send(GET) as idle:
        assert answer(idle).body == b"hello"
        with small.send(post("/read", "Content-Length: 3", "Expect: 100-continue")) as line:
            assert b" 100 " in line.recv(1000)
            small.process.send_signal(signal.SIGTERM)
            assert ended(idle)
            line.sendall(b"abc")
            found = answer(line)
            assert (found.body, found.getheader("Connection")) == (b"3", "keep-alive")
        small.process.wait(8)
