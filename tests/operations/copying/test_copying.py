"""Copying the rows of one database to another loses no row and adds none."""

import os
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from imagehost.db.models import Image, ImageDay
from imagehost.host import Host
from imagehost.operations import copying
from tests.applications import host_of
from tests.conftest import ON_BOTH_DATABASES, ON_POSTGRESQL, ON_SQLITE, uploaded
from tests.rows import add_rows, assert_counts_are_right, execute
from tests.system import truth

pytestmark = ON_BOTH_DATABASES


def everything(host: Host) -> list[list[tuple[object, ...]]]:
    rows = [
        execute(host, sa.select(*model.__table__.columns).order_by(*model.__table__.primary_key))
        for model in (Image, ImageDay)
    ]
    return [[tuple(row) for row in table] for table in rows]


def test_all_rows_are_copied_unchanged(host, app, old, source_url, database_url):
    with app.app_context():
        rows = copying.copy_database(host.database, source_url)
    assert rows["images"] == 4
    assert everything(host) == everything(host_of(old))
    with app.app_context():
        assert_counts_are_right(host)
    truth.assert_exact(database_url, host_of(app).settings.images_dir)


def test_the_next_id_was_never_used(host, app, old, source_url, database_url):
    with app.app_context():
        copying.copy_database(host.database, source_url)
    assert uploaded(app.test_client())["id"] == 7
    truth.assert_exact(database_url, host_of(app).settings.images_dir)


def test_an_empty_host_moves_too(host, app, source_url):
    with app.app_context():
        assert copying.copy_database(host.database, source_url) == {"image_days": 0, "images": 0}
    assert uploaded(app.test_client())["id"] == 1


def test_past_days_and_many_rows_are_copied(host, app, old, source_url, monkeypatch):
    monkeypatch.setattr(copying, "COPIED_AT_ONCE", 7)
    start = datetime(1999, 12, 31, 23, 59, 59, 123456, tzinfo=UTC)
    add_rows(old, [start + timedelta(hours=7 * number) for number in range(50)])
    with app.app_context():
        assert copying.copy_database(host.database, source_url)["images"] == 54
        assert_counts_are_right(host)
    assert everything(host) == everything(host_of(old))


def test_the_old_host_may_go_on_meanwhile(host, app, old, source_url, monkeypatch):
    """Rows that are added after the copy began are not copied: it is one snapshot."""
    real = copying.check_empty

    def upload_meanwhile(*arguments: object) -> None:
        uploaded(old.test_client())
        real(*arguments)

    monkeypatch.setattr(copying, "check_empty", upload_meanwhile)
    before = everything(host_of(old))
    with app.app_context():
        copying.copy_database(host.database, source_url)
        assert_counts_are_right(host)
    assert everything(host) == before


def test_the_old_database_is_only_read(host, app, old, source_url, monkeypatch):
    def write(other: sa.Connection, *_: object) -> None:
        other.execute(sa.text("DELETE FROM images"))

    monkeypatch.setattr(copying, "check_copied_counts", lambda *_: None)
    monkeypatch.setattr(copying, "copy_table", write)
    before = everything(host_of(old))
    with app.app_context(), pytest.raises(copying.Failure, match=r"read-?only"):
        copying.copy_database(host.database, source_url)
    assert everything(host_of(old)) == before


@ON_POSTGRESQL
def test_a_file_in_a_folder_that_cannot_be_written_to_is_read(
    host, app, old, source_url, monkeypatch, tmp_path
):
    host_of(old).database.engine.dispose()
    path = tmp_path / "old" / "imagehost.db"
    assert not path.with_name("imagehost.db-wal").exists()
    opened = []
    real = sqlite3.connect

    def connect(address: object, **options: object) -> sqlite3.Connection:
        opened.append(address)
        return real(address, **options)

    access = os.access
    monkeypatch.setattr(os, "access", lambda place, mode: place != path.parent and access(place, mode))
    monkeypatch.setattr(sqlite3, "connect", connect)
    with app.app_context():
        assert copying.copy_database(host.database, source_url)["images"] == 4
    assert opened == [f"{path.as_uri()}?mode=ro&immutable=1"]
    assert sorted(found.name for found in path.parent.iterdir()) == ["imagehost.db"]


@ON_SQLITE
def test_a_sqlite_file_with_a_special_name_is_copied(host, app, make_app, tmp_path, migrated_sqlite):
    path = tmp_path / "a b?#%.db"
    path.write_bytes(Path(migrated_sqlite).read_bytes())
    url = str(sa.URL.create("sqlite", database=str(path)))
    uploaded(make_app(DATABASE_URL=url).test_client())
    with app.app_context():
        assert copying.copy_database(host.database, url)["images"] == 1
