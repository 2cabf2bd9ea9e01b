"""app.log has one line for each event, with any content, and while other processes write."""

import json
import logging
import re
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.applications import Failing, change_host, host_of
from tests.conftest import SMALL, as_upload, uploaded
from tests.forms import form, part

LINE = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) "
    r"(?P<level>[A-Z]+) (?P<request>\S+) (?P<client>\S+) (?P<rest>.+)"
)
HOSTILE = '\r\n2025-01-01T00:00:00.000Z INFO - - forged\x1b[2J\u2028\u202e"= code=x.jpg'


@pytest.fixture
def log(app):
    """Read the lines that were written."""
    file = host_of(app).settings.log_dir / "app.log"
    return lambda: [LINE.fullmatch(line) or pytest.fail(line) for line in file.read_text().split("\n")[:-1]]


@pytest.fixture
def far_from_utc(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


def lines_with(lines, words):
    return [line for line in lines if words in line["rest"]]


def test_each_event_is_one_line_with_client_and_time(client, log, far_from_utc):
    answer = client.post(
        "/upload", data=as_upload(SMALL, "cat.jpg"), environ_overrides={"REMOTE_ADDR": "203.0.113.9"}
    )
    (line,) = lines_with(log(), "image uploaded")
    assert abs(datetime.fromisoformat(line["time"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert (line["level"], line["client"]) == ("INFO", "203.0.113.9")
    assert line["request"] == answer.headers["X-Request-ID"]
    assert f"image={answer.json['filename']}" in line["rest"]
    assert "original_name=cat.jpg" in line["rest"]


def test_uploads_refusals_and_deletions_are_events(client, log):
    client.delete(f"/delete/{uploaded(client)['id']}")
    client.post("/upload", **form(part(b"text", b"notes.txt")))
    client.post("/upload", **form())
    client.post("/upload", **form(part(SMALL), end=b""))
    client.post("/upload", headers={"Origin": "https://evil.example"})
    lines = log()
    assert len(lines_with(lines, "image uploaded")) == len(lines_with(lines, "image deleted")) == 1
    codes = [re.search(r"code=(\w+)", line["rest"])[1] for line in lines_with(lines, "refused")]
    assert codes == ["unsupported_type", "no_file", "bad_request", "cross_site"]
    assert len(lines_with(lines, "database connected")) >= 1


@pytest.mark.parametrize("content", [SMALL, b"text", b""], ids=["kept", "refused", "empty"])
def test_a_hostile_name_stays_in_its_line(client, log, content):
    client.post("/upload", **form(part(content, HOSTILE.encode())))
    lines = log()
    assert sum("forged" in line[0] for line in lines) == 1
    assert all(line[0].isprintable() for line in lines)


def test_a_hostile_address_stays_in_its_line(client, log):
    client.get("/images-list", query_string={"page": HOSTILE})
    client.post("/upload", headers={"X-Request-ID": "forged", "Host": "forged"})
    assert all(line[0].isprintable() and line["request"] != "forged" for line in log())


def test_a_traceback_is_one_line(app, client, log):
    change_host(app, database=Failing(RuntimeError(HOSTILE)))
    answer = client.post("/upload", data=as_upload(SMALL))
    (line,) = [line for line in log() if line["level"] == "ERROR"]
    assert line["request"] == answer.headers["X-Request-ID"] == answer.json["request_id"]
    assert "Traceback (most recent call last)" in line["rest"]
    assert "RuntimeError" in line["rest"]


@pytest.mark.parametrize(("proxies", "kept"), [(1, True), (0, False)])
def test_the_number_of_a_request_is_kept_from_a_trusted_proxy(make_app, proxies, kept):
    client = make_app(TRUSTED_PROXIES=proxies).test_client()
    answer = client.get("/", headers={"X-Request-ID": "0123456789abcdef"})
    assert (answer.headers["X-Request-ID"] == "0123456789abcdef") is kept


@pytest.mark.parametrize("given", ["short", "x" * 65, "a b c d e f", 'a"b=c\\d-ef'])
def test_an_invalid_request_id_is_replaced(make_app, given):
    client = make_app(TRUSTED_PROXIES=1).test_client()
    assert re.fullmatch(
        r"[0-9a-f]{16}", client.get("/", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    )


def test_json_is_for_machines(make_app, far_from_utc):
    app = make_app(LOG_FORMAT="json")
    client = app.test_client()
    client.post("/upload", **form(part(SMALL, HOSTILE.encode())))
    change_host(app, database=Failing(TypeError()))
    request_id = client.delete("/delete/1").headers["X-Request-ID"]
    text = (host_of(app).settings.log_dir / "app.log").read_text()
    lines = [json.loads(line) for line in text.split("\n")[:-1]]
    moments = [datetime.fromisoformat(line["time"]) for line in lines]
    assert all(abs(moment - datetime.now(UTC)) < timedelta(minutes=1) for moment in moments)
    (upload,) = [line for line in lines if line["event"] == "image uploaded"]
    assert "forged" in upload["original_name"]
    (fault,) = [line for line in lines if line["level"] == "ERROR"]
    assert fault["request"] == request_id
    assert "TypeError" in fault["traceback"]


@pytest.mark.parametrize(("level", "events"), [("info", 1), ("warning", 0)])
def test_the_level_is_chosen(make_app, level, events):
    app = make_app(LOG_LEVEL=level)
    uploaded(app.test_client())
    file = host_of(app).settings.log_dir / "app.log"
    assert (file.read_text() if file.exists() else "").count("image uploaded") == events


def test_after_a_rotation_a_new_file_is_written(app, client):
    file = host_of(app).settings.log_dir / "app.log"
    first = uploaded(client)["filename"]
    file.rename(file.with_suffix(".log.1"))
    second = uploaded(client)["filename"]
    assert first in file.with_suffix(".log.1").read_text()
    assert second in file.read_text()
    assert first not in file.read_text()


WRITER = """
import logging, sys
from imagehost.logs.setup import start_logging
from imagehost.settings.definitions import load_settings
start_logging(load_settings(INSTANCE_DIR=sys.argv[1]))
print(flush=True)
sys.stdin.readline()
for number in range(500):
    extra = {"writer": sys.argv[2], "number": number, "addresses": sys.argv[2] * 5000}
    logging.getLogger("imagehost").info("line", extra=extra)
"""


def test_processes_do_not_mix_their_lines(app, log, tmp_path):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, tmp_path, name], **pipes) for name in "ab"]
    for writer in writers:
        writer.stdout.readline()
    for writer in writers:
        writer.communicate("go\n", timeout=60)
        assert writer.returncode == 0
    written = lines_with(log(), "line writer=")
    assert len(written) == 1000
    for name in "ab":
        own = [line["rest"] for line in written if line["rest"].startswith(f"line writer={name} ")]
        assert own == [f"line writer={name} number={number} addresses={name * 5000}" for number in range(500)]


def test_no_secret_is_logged(make_app):
    app = make_app(SECRET_KEY="hunter2-key", DATABASE_URL="postgresql://user:hunter2@127.0.0.1:1/none")
    client = app.test_client()
    for path in ("/images-list", "/api/upload", "/readyz"):
        assert client.get(path).status_code == 503
    text = (host_of(app).settings.log_dir / "app.log").read_text()
    assert "database error" in text
    assert "hunter2" not in text


def test_the_console_shows_only_warnings_and_errors(capsys, make_app):
    make_app()
    logging.getLogger("imagehost.services").info("quiet")
    logging.getLogger("imagehost.services").warning("loud")
    printed = capsys.readouterr().err
    assert ("quiet" in printed, "loud" in printed) == (False, True)


def test_a_log_that_cannot_be_written_is_reported_once(app, client, capsys):
    file = host_of(app).settings.log_dir / "app.log"
    file.unlink(missing_ok=True)
    # A file that nobody can write, not even root.
    file.mkdir()
    for _ in range(3):
        uploaded(client)
    assert capsys.readouterr().err == f"imagehost: {file} cannot be written: Is a directory\n"
