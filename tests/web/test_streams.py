"""Streams take turns: one is written at a time, and none blocks the others for long."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from imagehost.domain.errors import Unavailable
from imagehost.services import lists
from imagehost.web import streams
from imagehost.web.messages import sentence_in_english
from imagehost.web.streams import Streams
from tests.conftest import SHAPES, assert_error
from tests.rows import add_rows
from tests.services.test_lists import START


class Work:
    """Streams of pieces, and the number of streams that are written at the same time."""

    def __init__(self) -> None:
        self.streams = Streams()
        self.now = 0
        self.most = 0

    def pieces(self, number: int) -> Iterator[str]:
        for piece in range(number):
            self.now += 1
            self.most = max(self.most, self.now)
            time.sleep(0.002)
            self.now -= 1
            yield str(piece)

    def open(self, client: str, number: int = 3) -> Iterator[str]:
        return self.streams.paced(client, self.pieces(number))


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def _hurried(monkeypatch):
    monkeypatch.setattr(streams, "SECONDS_TO_FIRST_TURN", 0.1)


def test_streams_are_written_one_after_the_other(work, monkeypatch):
    monkeypatch.setattr(streams, "SECONDS_OF_A_TURN", 60)
    order = []

    def read(number: int) -> None:
        for piece in work.open(f"client {number}", 20):
            order.append((number, piece))  # noqa: PERF401  # it is read meanwhile

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(read, range(8)))
    assert work.most == 1
    starts = [number for number, piece in order if piece == "0"]
    assert [number for number, _ in order] == [number for number in starts for _ in range(20)]


def test_turns_that_are_over_go_to_those_that_wait(work, monkeypatch):
    monkeypatch.setattr(streams, "SECONDS_OF_A_TURN", 0.01)
    ended = []

    def read(name: str, number: int) -> None:
        assert len(list(work.open(name, number))) == number
        ended.append(name)

    long = threading.Thread(target=read, args=("long", 300))
    long.start()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: read(str(number), 3), range(4)))
    long.join()
    assert ended[-1] == "long"
    assert work.most == 1


@pytest.mark.usefixtures("_hurried")
def test_a_slow_reader_keeps_its_turn_only_for_some_seconds(work, monkeypatch):
    slow = work.open("slow")
    next(slow)
    with pytest.raises(Unavailable, match="whole list") as refused:
        next(work.open("other"))
    assert "limit=100" in sentence_in_english(refused.value)
    monkeypatch.setattr(streams, "SECONDS_TO_FIRST_TURN", 60)
    monkeypatch.setattr(work.streams, "_ends", time.monotonic() + 0.05)
    assert list(work.open("other")) == ["0", "1", "2"]
    assert list(slow) == ["1", "2"], "it goes on where nobody else waits"


@pytest.mark.usefixtures("_hurried")
@pytest.mark.parametrize("leave", ["close", "fail", "end"])
def test_if_a_client_leaves_the_next_one_begins(work, leave):
    def failing() -> Iterator[str]:
        yield "0"
        raise Unavailable("database")

    stream = work.streams.paced("first", failing() if leave == "fail" else work.pieces(1))
    next(stream)
    if leave == "close":
        stream.close()
    elif leave == "fail":
        with pytest.raises(Unavailable, match="database"):
            next(stream)
    else:
        assert list(stream) == []
    assert len(list(work.open("second"))) == 3
    assert not +work.streams._open


@pytest.mark.usefixtures("_hurried")
def test_the_number_of_waiting_requests_is_limited_also_for_one_client(work):
    first = work.open("one")
    next(first)
    refused, begin = [], threading.Barrier(20)

    def read(number: int) -> None:
        begin.wait()
        started = time.monotonic()
        with pytest.raises(Unavailable):
            next(work.open("one" if number < 10 else f"client {number}"))
        refused.append(time.monotonic() - started >= streams.SECONDS_TO_FIRST_TURN)

    with ThreadPoolExecutor(20) as threads:
        list(threads.map(read, range(20)))
    assert sum(refused) == streams.MOST_STREAMS - 1, "so many waited; the others were refused at once"
    assert len(list(first)) == 2


@pytest.mark.usefixtures("_hurried")
@SHAPES
def test_a_request_that_waits_too_long_gets_retry_after(app, client, shape, monkeypatch):
    monkeypatch.setattr(lists, "LISTED_AT_ONCE", 2)
    add_rows(app, [START] * 10)
    first = client.get("/api/upload", buffered=False)
    pieces = first.iter_encoded()
    next(pieces)
    answer = client.get("/api/upload", headers=shape)
    assert_error(answer, 503, "unavailable", "busy sending the whole list", "limit=100")
    assert answer.headers["Retry-After"] == "5"
    for path in ("/images-list", "/api/upload?limit=5", "/upload"):
        assert client.get(path, headers=shape).status_code == 200, "all else goes on"
    known = {"If-None-Match": first.headers["ETag"]}
    assert client.get("/api/upload", headers=known).status_code == 304
    first.close()
    assert len(client.get("/api/upload", headers=shape).json) == 10


def test_a_short_list_needs_no_turn(app, client):
    add_rows(app, [START] * 10)
    turns = app.extensions["imagehost.streams"]
    for number in range(streams.MOST_STREAMS):
        turns._enter(f"client {number}")
    assert len(client.get("/api/upload").json) == 10


def test_a_waiting_request_holds_no_database_connection(host, app, client, monkeypatch):
    monkeypatch.setattr(lists, "LISTED_AT_ONCE", 2)
    add_rows(app, [START] * 10)
    first = client.get("/api/upload", buffered=False)
    next(first.iter_encoded())
    turns = app.extensions["imagehost.streams"]
    pool = host.database.engine.pool
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(app.test_client().get, "/api/upload")
        while not turns._queue:
            assert not waiting.done()
            time.sleep(0.005)
        assert pool.checkedout() == 0
        first.close()
        assert len(waiting.result(30).json) == 10
