"""An impossible copy is refused with a reason that contains no password, and nothing is changed."""

import sqlite3

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory

from imagehost.domain.errors import StorageFull, Unavailable
from imagehost.domain.failures import Failure
from imagehost.operations import copying
from tests.applications import host_of
from tests.conftest import ON_BOTH_DATABASES, ON_POSTGRESQL, ON_SQLITE, uploaded
from tests.operations.copying.conftest import execute
from tests.services.test_faults import break_commit, driver_error
from tests.system import truth

pytestmark = ON_BOTH_DATABASES

HEAD = ScriptDirectory("migrations").get_current_head()


@pytest.fixture
def refused(host, app):
    """Return a function that copies, and returns the reason of the refusal."""

    def run(url: str) -> str:
        with app.app_context(), pytest.raises(Failure) as failure:
            copying.copy_database(host.database, url)
        return str(failure.value)

    return run


@pytest.fixture
def empty(database_url):
    """Check that no row was added to the database."""
    yield
    assert truth.rows(database_url) == {}
    assert truth.days(database_url) == ({}, {})


def test_a_host_that_has_images_takes_no_others(app, old, refused, source_url, database_url):
    uploaded(app.test_client())
    before = truth.rows(database_url)
    assert "is not empty: 1 rows in image" in refused(source_url)
    assert truth.rows(database_url) == before


def test_a_second_time_is_refused(host, app, old, refused, source_url, database_url):
    with app.app_context():
        copying.copy_database(host.database, source_url)
    assert "is not empty" in refused(source_url)
    assert len(truth.rows(database_url)) == 4


def test_an_older_source_is_refused(old, refused, source_url, empty):
    execute(source_url, "UPDATE alembic_version SET version_num = '0001'")
    try:
        assert refused(source_url) == (
            f"The database to copy from is at revision 0001, but must be at revision {HEAD}. "
            "To upgrade it, set DATABASE_URL to its URL, and run: flask db upgrade"
        )
    finally:
        execute(source_url, f"UPDATE alembic_version SET version_num = '{HEAD}'")


def test_an_older_target_is_refused(old, refused, source_url, database_url, empty):
    execute(database_url, "UPDATE alembic_version SET version_num = '0001'")
    try:
        assert f"of this host is at revision 0001, but must be at revision {HEAD}" in refused(source_url)
    finally:
        execute(database_url, f"UPDATE alembic_version SET version_num = '{HEAD}'")


@ON_SQLITE
def test_a_target_without_tables_is_refused(make_app, old, source_url, tmp_path):
    app = make_app(DATABASE_URL=f"sqlite:///{tmp_path}/new.db")
    with app.app_context(), pytest.raises(Failure, match=r"is without tables.*flask db upgrade"):
        copying.copy_database(host_of(app).database, source_url)


def test_a_row_that_does_not_fit_undoes_all(old, refused, source_url, database_url, empty):
    if database_url.startswith("sqlite"):
        # The only row that SQLite refuses is one with an existing name.
        execute(source_url, "ALTER TABLE images DROP CONSTRAINT uq_images_filename")
        execute(source_url, "UPDATE images SET filename = 'the same'")
    else:
        execute(source_url, "UPDATE images SET original_name = 'a' || char(0) || 'b' WHERE id = 5")
    try:
        assert "A row of images cannot be copied, and nothing was changed" in refused(source_url)
    finally:
        if database_url.startswith("sqlite"):
            execute(source_url, "TRUNCATE images")
            execute(source_url, "ALTER TABLE images ADD CONSTRAINT uq_images_filename UNIQUE (filename)")


def test_an_incomplete_copy_is_rolled_back(old, refused, source_url, monkeypatch, empty):
    real = copying.copy_table

    def lose_one(other: sa.Connection, here: sa.Connection, table: sa.Table, advance: object) -> None:
        real(other, here, table, advance)
        if table.name == "images":
            here.execute(sa.text("DELETE FROM images WHERE id = 1"))

    monkeypatch.setattr(copying, "copy_table", lose_one)
    assert "'images': 3" in refused(source_url)


@pytest.mark.parametrize(("status", "error"), [(507, StorageFull), (503, Unavailable)], ids=["full", "down"])
def test_a_database_that_fails_at_the_end_keeps_nothing(
    host, app, old, source_url, monkeypatch, empty, status, error
):
    with app.app_context():
        break_commit(host, app, monkeypatch, driver_error(host, app, status), after=False)
        with pytest.raises(error):
            copying.copy_database(host.database, source_url)


@ON_POSTGRESQL
def test_an_upload_during_the_copy_is_prevented(host, app, old, source_url, monkeypatch):
    real = copying.check_empty

    def write(*arguments: object) -> None:
        real(*arguments)
        with host.database.engine.connect() as other, other.begin():
            other.execute(sa.text("SET lock_timeout = '100ms'"))
            with pytest.raises(Unavailable) as failure:
                other.execute(sa.text("INSERT INTO image_days VALUES ('2025-01-24', 0, 1)"))
            assert "lock timeout" in str(failure.value.__cause__)
            other.rollback()

    monkeypatch.setattr(copying, "check_empty", write)
    with app.app_context():
        assert copying.copy_database(host.database, source_url)["images"] == 4


@ON_SQLITE
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:////nowhere/imagehost.db", "There is no database /nowhere/imagehost.db"),
        ("sqlite://", "There is no database"),
        ("sqlite:///:memory:", "There is no database"),
        ("mysql://me:hunter2@host/db", "must be sqlite:///<file> or postgresql://"),
        ("hunter2", "must be sqlite:///<file>"),
        ("postgresql://me:hunter2@127.0.0.1:1/db", "cannot be read: connection to server at"),
        ("postgresql://me:hunter2@127.0.0.1:port/db", "must be sqlite:///<file>"),
        ("postgresql://127.0.0.1:1/db?user=me&password=hunter2", "cannot be read: connection to server"),
        ("postgresql://me@127.0.0.1:1/db?hunter=2", "cannot be read: invalid"),
    ],
)
def test_an_invalid_source_is_reported_without_its_password(refused, url, words, empty):
    message = refused(url)
    assert words in message
    assert "hunter2" not in message
    assert "\n" not in message


@ON_SQLITE
@pytest.mark.parametrize("content", [b"", b"no database" * 500], ids=["empty", "text"])
def test_a_file_that_is_not_a_database_is_reported(refused, tmp_path, content, empty):
    (tmp_path / "other.db").write_bytes(content)
    message = refused(f"sqlite:///{tmp_path}/other.db")
    assert "file is not a database" in message or "is without tables" in message
    assert (tmp_path / "other.db").read_bytes() == content


@ON_SQLITE
def test_a_database_of_another_program_is_reported(refused, tmp_path, empty):
    connection = sqlite3.connect(tmp_path / "other.db")
    connection.execute("CREATE TABLE images (id)")
    connection.close()
    assert "is without tables" in refused(f"sqlite:///{tmp_path}/other.db")


def test_a_host_into_itself_is_refused(app, refused, database_url):
    uploaded(app.test_client())
    before = truth.rows(database_url)
    assert "is not empty" in refused(database_url)
    assert truth.rows(database_url) == before
