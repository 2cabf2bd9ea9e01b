"""Each step of an upload and of a deletion fails once: nothing incomplete is left, on both databases."""

import errno
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import psycopg2
import psycopg2.errors
import pytest

from imagehost.db import counts
from imagehost.domain import image_names
from imagehost.host import Host
from tests import pictures
from tests.applications import change_host, host_of
from tests.conftest import ON_BOTH_DATABASES, ON_POSTGRESQL, SHAPES, as_upload, assert_error, stored_files
from tests.system import truth

pytestmark = ON_BOTH_DATABASES

PNG = pictures.png(8, 8)
FULL = pytest.param(507, "storage_full", id="full")
DOWN = pytest.param(503, "unavailable", id="down")
OUTCOMES = pytest.mark.parametrize(("status", "code"), [FULL, DOWN])
ERRNOS = pytest.mark.parametrize(
    ("number", "status", "code"),
    [
        (errno.ENOSPC, 507, "storage_full"),
        (errno.EDQUOT, 507, "storage_full"),
        (errno.EIO, 503, "unavailable"),
        (errno.EROFS, 503, "unavailable"),
        (errno.EACCES, 503, "unavailable"),
    ],
    ids=lambda value: errno.errorcode.get(value) if isinstance(value, int) and value < 200 else None,
)


@pytest.fixture
def kept(app, client):
    """Upload an image before the fault. Each later image is the first one in another folder."""
    names = (letter * image_names.NAME_LENGTH for letter in image_names.NAME_LETTERS)
    change_host(app, new_name=lambda: next(names))
    return client.post("/upload", data=as_upload(PNG, "kept.png")).json


@pytest.fixture
def unchanged(app, client, kept, database_url):
    """Return a check that only the earlier image exists, and that the next upload works."""
    folder = host_of(app).settings.images_dir
    counts = truth.days(database_url)[0]

    def look(undo: pytest.MonkeyPatch) -> None:
        undo.undo()
        assert [path.name for path in stored_files(app)] == [kept["filename"]]
        truth.assert_exact(database_url, folder)
        assert truth.days(database_url)[0] == counts
        assert client.post("/upload", data=as_upload(PNG)).status_code == 200
        truth.assert_exact(database_url, folder)
        assert len(stored_files(app)) == 2

    return look


def fail_at(call: int, function: Callable[..., object], error: BaseException) -> Callable[..., object]:
    """Return a function that raises an error at the given call, counted from 1."""
    calls = []

    def failing(*arguments: object, **options: object) -> object:
        calls.append(arguments)
        if len(calls) == call:
            raise error
        return function(*arguments, **options)

    return failing


def driver_error(host: Host, app, status: int) -> Exception:
    """Return the error of this database's driver for a full disk (status 507) or a broken connection."""
    with app.app_context():
        sqlite = host.database.engine.dialect.name == "sqlite"
    if sqlite:
        error = sqlite3.OperationalError("database or disk is full" if status == 507 else "disk I/O error")
        error.sqlite_errorname = "SQLITE_FULL" if status == 507 else "SQLITE_IOERR_WRITE"
        return error
    if status == 507:
        return psycopg2.errors.DiskFull("could not extend file: No space left on device")
    return psycopg2.OperationalError("server closed the connection unexpectedly")


def break_statement(host: Host, app, monkeypatch, beginning: str, error: Exception) -> None:
    """Make the driver raise an error for statements that begin with this text."""
    with app.app_context():
        dialect = host.database.engine.dialect
    execute = dialect.do_execute

    def failing(cursor: object, statement: str, *rest: object) -> None:
        if statement.startswith(beginning):
            raise error
        execute(cursor, statement, *rest)

    monkeypatch.setattr(dialect, "do_execute", failing)


def break_commit(host: Host, app, monkeypatch, error: Exception, *, after: bool) -> None:
    """Make the next commit raise an error, either instead of the commit or after it."""
    with app.app_context():
        dialect = host.database.engine.dialect
    commit = dialect.do_commit

    def failing(connection: object) -> None:
        monkeypatch.setattr(dialect, "do_commit", commit)
        if after:
            commit(connection)
        elif isinstance(error, psycopg2.Error):
            connection.rollback()  # as the server does; SQLite leaves it to us
        raise error

    monkeypatch.setattr(dialect, "do_commit", failing)


@ERRNOS
@pytest.mark.parametrize(
    ("name", "call"),
    [("fsync", 1), ("mkdir", 1), ("fsync", 2), ("link", 1), ("fsync", 3)],
    ids=["flush", "folder", "flush of the new folder's name", "link", "flush of the folder"],
)
def test_a_step_on_the_disk_that_fails_undoes_the_upload(
    client, unchanged, monkeypatch, name, call, number, status, code
):
    monkeypatch.setattr(os, name, fail_at(call, getattr(os, name), OSError(number, os.strerror(number))))
    assert_error(client.post("/upload", data=as_upload(PNG)), status, code)
    unchanged(monkeypatch)


@SHAPES
@OUTCOMES
@pytest.mark.parametrize("statement", ["INSERT INTO images", "INSERT INTO image_days"])
def test_a_statement_that_fails_undoes_the_upload(
    host, app, client, unchanged, monkeypatch, statement, status, code, shape
):
    break_statement(host, app, monkeypatch, statement, driver_error(host, app, status))
    answer = client.post("/upload", data=as_upload(PNG), headers=shape)
    assert_error(answer, status, code)
    assert ("Retry-After" in answer.headers) == (status == 503)
    unchanged(monkeypatch)


def test_a_fault_of_ours_undoes_the_upload(client, unchanged, monkeypatch):
    monkeypatch.setattr(counts, "count_upload", fail_at(1, print, RuntimeError("a mistake")))
    answer = client.post("/upload", data=as_upload(PNG))
    assert_error(answer, 500, "internal_error", answer.headers["X-Request-ID"])
    assert "a mistake" not in answer.text
    unchanged(monkeypatch)


def test_a_commit_that_finds_no_room_undoes_the_upload(host, app, client, unchanged, monkeypatch):
    break_commit(host, app, monkeypatch, driver_error(host, app, 507), after=False)
    assert_error(client.post("/upload", data=as_upload(PNG)), 507, "storage_full")
    unchanged(monkeypatch)


@pytest.mark.parametrize("after", [False, True], ids=["not done", "done"])
def test_a_commit_of_unknown_outcome_keeps_the_bytes(
    host, app, client, kept, monkeypatch, database_url, after
):
    break_commit(host, app, monkeypatch, driver_error(host, app, 503), after=after)
    assert_error(client.post("/upload", data=as_upload(PNG)), 503, "unavailable")
    rows = truth.rows(database_url)
    assert len(rows) == 1 + after
    assert rows.items() <= truth.files(host_of(app).settings.images_dir).items()
    assert len(stored_files(app)) == 2
    assert truth.days(database_url)[0] == truth.days(database_url)[1]


@OUTCOMES
@pytest.mark.parametrize("statement", ["DELETE FROM images", "INSERT INTO image_days"])
def test_a_statement_that_fails_undoes_the_deletion(
    host, app, client, kept, unchanged, monkeypatch, statement, status, code
):
    break_statement(host, app, monkeypatch, statement, driver_error(host, app, status))
    assert_error(client.delete(f"/delete/{kept['id']}"), status, code)
    unchanged(monkeypatch)


@OUTCOMES
def test_a_deletion_that_is_not_committed_leaves_the_image(
    host, app, client, kept, unchanged, monkeypatch, status, code
):
    break_commit(host, app, monkeypatch, driver_error(host, app, status), after=False)
    assert_error(client.delete(f"/delete/{kept['id']}"), status, code)
    assert client.get(kept["url"]).data == PNG
    unchanged(monkeypatch)


def test_bytes_that_cannot_be_removed_do_not_bring_the_image_back(
    app, client, kept, monkeypatch, database_url
):
    with monkeypatch.context() as broken:
        broken.setattr(Path, "unlink", fail_at(1, Path.unlink, OSError(errno.EIO, "Input/output error")))
        assert client.delete(f"/delete/{kept['id']}").status_code == 200
    assert truth.rows(database_url) == {}
    assert client.get(kept["url"]).status_code == 404
    log = (host_of(app).settings.log_dir / "app.log").read_text()
    assert "bytes of a deleted image left behind" in log
    assert kept["filename"] in log


@pytest.mark.parametrize("where", ["row", "file"])
def test_a_name_that_is_taken_does_not_cost_the_other_image_its_bytes(
    app, client, kept, monkeypatch, database_url, where
):
    folder = host_of(app).settings.images_dir
    name = kept["filename"]
    if where == "file":
        name = "aa" + name[2:]
        (folder / "aa").mkdir(exist_ok=True)
        (folder / "aa" / name).write_bytes(b"of somebody else")
    before = truth.files(folder)
    change_host(app, new_name=lambda: name.removesuffix(".png"))
    assert_error(client.post("/upload", data=as_upload(PNG)), 500, "internal_error")
    assert truth.files(folder) == before
    assert truth.rows(database_url).keys() == {kept["filename"]}
    assert truth.days(database_url)[0] == truth.days(database_url)[1]


@OUTCOMES
@ON_POSTGRESQL
def test_an_upload_succeeds_even_if_past_days_cannot_be_merged(
    host, app, client, monkeypatch, database_url, status, code
):
    break_statement(host, app, monkeypatch, "WITH moved", driver_error(host, app, status))
    answer = client.post("/upload", data=as_upload(PNG))
    assert answer.status_code == 200
    truth.assert_exact(database_url, host_of(app).settings.images_dir)


@ERRNOS
def test_a_thumbnail_that_cannot_be_written_leaves_nothing(
    app, client, kept, monkeypatch, number, status, code
):
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fail_at(1, os.fsync, OSError(number, os.strerror(number))))
        assert_error(client.get(kept["thumbnail_url"]), status, code)
    assert len(stored_files(app)) == 1
    assert client.get(kept["thumbnail_url"]).status_code == 200


def test_a_log_that_cannot_be_written_stops_nothing(app, client, kept, monkeypatch, capsys):
    path = host_of(app).settings.log_dir
    path.rename(path.with_name("elsewhere"))
    path.write_text("no folder")
    assert client.post("/upload", data=as_upload(PNG)).status_code == 200
    assert client.delete(f"/delete/{kept['id']}").status_code == 200
    assert_error(client.delete(f"/delete/{kept['id']}"), 404, "not_found")


@pytest.mark.parametrize("content", [b"no database at all" * 100, None], ids=["torn", "folder"])
def test_counts_of_clients_that_cannot_be_read_stop_no_upload(make_app, tmp_path, content):
    client = make_app(RATE_LIMIT_ENABLED=True).test_client()
    path = tmp_path / "ratelimits.db"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    assert client.post("/upload", data=as_upload(PNG)).status_code == 200
