"""Settings of connections, on both databases."""

import time

import pytest
import sqlalchemy as sa

from imagehost.db import engines
from imagehost.domain.errors import Unavailable
from tests.applications import host_of
from tests.conftest import ON_BOTH_DATABASES, ON_POSTGRESQL, ON_SQLITE, assert_error, uploaded

pytestmark = ON_BOTH_DATABASES

FULL = 2
"""The value of PRAGMA synchronous with which a commit is on the disk before it returns."""


@ON_SQLITE
@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", FULL),
        ("foreign_keys", 1),
        ("busy_timeout", engines.SECONDS_TO_WAIT_FOR_DATABASE * 1000),
    ],
)
def test_every_connection_to_sqlite_is_durable_and_patient(host, app, pragma, value):
    with app.app_context(), host.database.engine.connect() as first, host.database.engine.connect() as second:
        for connection in (first, second):
            assert connection.execute(sa.text(f"PRAGMA {pragma}")).scalar_one() == value


@ON_POSTGRESQL
def test_postgresql_speaks_utc(host, app):
    with app.app_context(), host.database.engine.connect() as connection:
        assert connection.execute(sa.text("SHOW timezone")).scalar_one() in {"utc", "UTC"}


@ON_POSTGRESQL
@pytest.mark.parametrize("seconds", [0, engines.SECONDS_IDLE])
def test_a_connection_that_was_lost_while_idle_is_replaced(host, app, monkeypatch, seconds):
    with app.app_context():
        ask = sa.text("SELECT pg_backend_pid()")
        with host.database.engine.connect() as connection:
            lost = connection.execute(ask).scalar_one()
        other = sa.create_engine(host.database.engine.url)
        with other.connect() as connection:
            assert connection.execute(
                sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": lost}
            ).scalar_one()
        other.dispose()
        now = time.monotonic()
        monkeypatch.setattr(engines.time, "monotonic", lambda: now + seconds)
        if not seconds:
            # A connection that was used recently is not tested. If it fails, an error is reported, and the
            # next one works.
            with pytest.raises(Unavailable), host.database.engine.connect() as connection:
                connection.execute(ask)
        with host.database.engine.connect() as connection:
            assert connection.execute(ask).scalar_one() != lost


@ON_SQLITE
def test_a_writer_begins_as_one(host, app):
    """Otherwise it fails if another process writes between its first read and its first write."""
    begun = []
    with app.app_context():
        sa.event.listen(
            host.database.engine,
            "before_cursor_execute",
            lambda *arguments: begun.append(arguments[2].split(";")[0]),
        )
        with host.database.engine.connect().execution_options(**engines.IMMEDIATE) as connection:
            connection.execute(sa.text("SELECT 1"))
        with host.database.engine.connect() as connection:
            connection.execute(sa.text("SELECT 1"))
    assert [statement for statement in begun if "BEGIN" in statement] == ["BEGIN IMMEDIATE", "BEGIN DEFERRED"]


@ON_SQLITE
@pytest.mark.parametrize("first", [0, 4096], ids=["no database", "a torn page"])
def test_a_damaged_file_of_sqlite_is_a_database_that_does_not_answer(host, app, client, tmp_path, first):
    uploaded(client)
    with app.app_context():
        with host.database.engine.connect() as connection:
            connection.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)"))
        host.database.engine.dispose()
    with (tmp_path / "imagehost.db").open("r+b") as file:
        size = file.seek(0, 2)
        file.seek(first)
        file.write(b"x" * (size - first))
    assert_error(client.get("/images-list"), 503, "unavailable", "database")
    assert "ERROR" in (host_of(app).settings.log_dir / "app.log").read_text()
