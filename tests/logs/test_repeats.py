"""Log lines that one client causes: limited for each minute, then counted; no other lines are left out."""

import json
import logging
import re

import pytest

from imagehost.logs import repeats, setup
from imagehost.logs.repeats import CLIENTS, LINES, Repeats
from tests.applications import Failing, change_host, host_of
from tests.conftest import SMALL, as_upload, uploaded


class Clock:
    """A clock that moves only when a test moves it."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def gate() -> setup.Gate:
    """Return the log handler of the newest application; pytest adds some of its own."""
    (found,) = [each for each in logging.getLogger("imagehost").handlers if isinstance(each, setup.Gate)]
    return found


@pytest.fixture
def clock(app):
    gate().repeats.clock = Clock()
    return gate().repeats.clock


@pytest.fixture
def log(app):
    return lambda: (host_of(app).settings.log_dir / "app.log").read_text().splitlines()


def knock(client, times: int, address: str = "203.0.113.9", path: str = "/nowhere") -> None:
    for _ in range(times):
        assert client.get(path, environ_overrides={"REMOTE_ADDR": address}).status_code == 404


def test_the_first_refusals_of_a_minute_are_written_and_the_others_counted(client, clock, log):
    knock(client, LINES + 25)
    assert sum(" refused " in line for line in log()) == LINES
    clock.now += repeats.SECONDS
    knock(client, 1, address="203.0.113.10")
    summary, last = log()[-2:]
    assert re.search(r" INFO - 203\.0\.113\.9 refused 25 more times times=25$", summary)
    assert " 203.0.113.10 refused status=404 " in last
    knock(client, 1)
    assert " 203.0.113.9 refused status=404 " in log()[-1]


def test_an_ipv6_network_is_one_client(client, clock, log):
    for number in range(LINES + 5):
        knock(client, 1, address=f"2001:db8:0:7::{number:x}")
    knock(client, 1, address="2001:db8:0:8::1")
    assert sum(" refused " in line for line in log()) == LINES + 1


def test_other_clients_uploads_and_deletions_are_always_written(client, clock, log):
    knock(client, LINES + 5, address="127.0.0.1")
    for _ in range(LINES + 5):
        client.delete(f"/delete/{uploaded(client)['id']}")
    knock(client, 1, address="203.0.113.10")
    text = "\n".join(log())
    assert text.count("image uploaded") == text.count("image deleted") == LINES + 5
    assert text.count("203.0.113.10 refused") == 1


def test_problems_have_lines_of_their_own(app, capsys, client, clock, log):
    """Nobody can hide one kind of line behind another; the console has the same limit."""
    knock(client, LINES + 5, address="127.0.0.1")
    change_host(app, database=Failing(RuntimeError("spoilt")))
    for _ in range(LINES + 5):
        assert client.post("/upload", data=as_upload(SMALL)).status_code == 500
    assert sum("internal error" in line for line in log()) == LINES
    assert capsys.readouterr().err.count("internal error") == LINES


def test_left_out_lines_are_reported_when_the_process_ends(client, clock, log):
    knock(client, LINES + 7)
    gate().close()
    assert log()[-1].endswith("refused 7 more times times=7")


def test_json_has_the_number(make_app):
    app = make_app(LOG_FORMAT="json")
    knock(app.test_client(), LINES + 7)
    gate().close()
    last = json.loads((host_of(app).settings.log_dir / "app.log").read_text().splitlines()[-1])
    assert last["event"] == "refused 7 more times"
    assert (last["client"], last["times"]) == ("203.0.113.9", 7)


def test_memory_is_bounded_for_any_number_of_clients(app):
    clock = Clock()
    counted = Repeats(clock)
    admitted = sum(counted.admit(f"client {number}", "refused", 20) for number in range(10 * CLIENTS))
    assert admitted == CLIENTS + LINES
    clock.now += repeats.SECONDS
    (rest,) = counted.ended()
    assert (rest.client, rest.left_out) == (repeats.OTHER_CLIENTS, 9 * CLIENTS - LINES)
    assert counted.ended() == []
    assert counted.admit("client 1", "refused", 20)


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_values_of_clients_are_cut(make_app, log_format):
    app = make_app(LOG_FORMAT=log_format)
    client = app.test_client()
    client.get("/" + "x" * 8000)
    client.get("/images-list", query_string={"page": "7" * 8000})
    client.get("/", headers={"X-Forwarded-For": "x" * 8000})
    client.post("/upload", data=as_upload(SMALL, "y" * 8000 + ".jpg"))
    client.post("/upload", data=as_upload(b"text", "z" * 8000 + ".txt"))
    lines = (host_of(app).settings.log_dir / "app.log").read_text().splitlines()
    assert len(lines) >= 4
    assert max(map(len, lines)) < 1500
    assert "x" * 199 + "…" in json.loads(lines[0])["path"] if log_format == "json" else "x" * 199 in lines[0]


def test_a_traceback_keeps_its_end(app, client, log):
    change_host(app, database=Failing(RuntimeError("x" * 100_000 + " the reason")))
    client.post("/upload", data=as_upload(SMALL))
    (line,) = [line for line in log() if " ERROR " in line]
    assert line.endswith('x the reason"')
    assert len(line) < 11_000
