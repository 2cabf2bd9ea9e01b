"""A damaged index of names costs no image: the clean-up also searches by id, and reports the damage."""

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from imagehost.host import Host
from imagehost.operations.cleanup import CleanupOptions, CleanupReport, Finding
from tests import rows
from tests.applications import host_of
from tests.conftest import ON_BOTH_DATABASES
from tests.operations.cleanup.litter import ORPHAN, counts, image_files, put

pytestmark = ON_BOTH_DATABASES

FORCED = CleanupOptions(grace=0, drop_missing=True, force=True)


@pytest.fixture
def damage(host, app, folder):
    """Remove an image from the index of names."""

    def act() -> str:
        name = image_files(folder)[-1].name
        with app.app_context():
            if host.database.engine.dialect.name == "sqlite":
                overwrite_entry(host, name)
            else:
                add_past_the_index(host, name)
        return name

    yield act
    with app.app_context():
        if host.database.engine.dialect.name == "postgresql":
            run(
                host,
                [
                    "DROP INDEX uq_test",
                    "ALTER TABLE images ADD CONSTRAINT uq_images_filename UNIQUE (filename)",
                ],
            )
            run(host, [f'ALTER DATABASE "{host.database.engine.url.database}" RESET enable_seqscan'])


def run(host: Host, statements: list[str]) -> None:
    with host.database.engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def overwrite_entry(host: Host, name: str) -> None:
    """Write another name into the page of the index."""
    path = host.database.engine.url.database
    host.database.engine.dispose()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        query = (
            "SELECT rootpage FROM sqlite_schema WHERE type = 'index' AND sql IS NULL AND tbl_name = 'images'"
        )
        (page,) = connection.execute(query).fetchone()
    connection.close()
    with Path(path).open("r+b") as file:
        file.seek((page - 1) * size)
        content = file.read(size)
        assert content.count(name.encode()) == 1
        file.seek((page - 1) * size)
        file.write(content.replace(name.encode(), b"zzzzz" + name[5:].encode()))


def add_past_the_index(host: Host, name: str) -> None:
    """Add the row while the index is not updated, and then let the database use the index again."""
    ready = "UPDATE pg_index SET indisready = {0}, indisvalid = {0} WHERE indexrelid = 'uq_test'::regclass"
    row = f"SELECT * FROM images WHERE filename = '{name}'"
    run(
        host,
        [
            f"CREATE TEMP TABLE aside AS {row}",
            f"DELETE FROM images WHERE filename = '{name}'",
            "ALTER TABLE images DROP CONSTRAINT uq_images_filename",
            "CREATE UNIQUE INDEX uq_test ON images (filename)",
            ready.format("false"),
        ],
    )
    with host.database.engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO images SELECT * FROM aside"))
        connection.execute(sa.text("DROP TABLE aside"))
    run(
        host,
        [
            ready.format("true"),
            f'ALTER DATABASE "{host.database.engine.url.database}" SET enable_seqscan = off',
        ],
    )
    host.database.engine.dispose()


def by_name(host: Host, name: str) -> int:
    query = sa.text("SELECT count(*) FROM images WHERE filename = :name")
    ((count,),) = rows.execute(host, query, {"name": name})
    return count


@pytest.mark.parametrize("wish", [FORCED, CleanupOptions(grace=0)], ids=["forced", "plain"])
def test_an_image_that_is_not_in_the_index_is_kept_and_reported(host, app, clean, folder, damage, wish):
    put(folder, f"or/{ORPHAN}")
    name = damage()
    with app.app_context():
        assert by_name(host, name) == 0
    before = {path.name for path in image_files(folder)}
    report: CleanupReport = clean(wish)
    assert counts(report) == {Finding.ORPHAN: 1, Finding.UNINDEXED: 1}
    assert report[Finding.UNINDEXED].names == [name]
    assert report.needs_somebody
    assert {path.name for path in image_files(folder)} == before
    log = (host_of(app).settings.log_dir / "app.log").read_text()
    assert f"ERROR - - index damaged image={name}" in log


def test_a_lost_file_is_reported_even_if_its_row_is_not_in_the_index(clean, folder, damage):
    name = damage()
    (folder / name[:2] / name).unlink()
    assert clean()[Finding.MISSING].names == [name]
