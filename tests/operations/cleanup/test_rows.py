"""Rows whose file is lost are removed only with an option. Damaged files are reported and kept."""

import os
from pathlib import Path

import pytest
import sqlalchemy as sa

from imagehost.db.rows_by_id import batches_by_id, row_exists
from imagehost.domain.errors import Unavailable
from imagehost.domain.policy import ANYBODY
from imagehost.host import Host
from imagehost.operations import cleanup, exporting
from imagehost.operations.cleanup import CleanupOptions, Finding, Share, files, rows
from imagehost.services import images
from imagehost.storage import layout
from imagehost.storage.disk import DiskStorage
from imagehost.storage.inventory import StoredFacts
from tests.applications import host_of
from tests.conftest import ON_BOTH_DATABASES, ON_SQLITE
from tests.operations.cleanup.litter import counts, flip, image_files
from tests.system import truth

pytestmark = ON_BOTH_DATABASES

DROP = CleanupOptions(grace=0, drop_missing=True)
READ = CleanupOptions(grace=0, checksums=Share(1, 1))


def test_a_lost_file_is_reported_and_its_row_stays(clean, folder, database_url):
    lost = image_files(folder)[0]
    lost.unlink()
    report = clean()
    assert report[Finding.MISSING].names == [lost.name]
    assert report.needs_somebody
    assert lost.name in truth.rows(database_url)


def test_the_row_of_a_lost_file_is_dropped_on_demand(app, clean, folder, database_url):
    lost = image_files(folder)[0]
    lost.unlink()
    report = clean(DROP)
    assert (report[Finding.MISSING].found, report[Finding.MISSING].removed) == (1, 1)
    assert not report.needs_somebody
    assert len(truth.rows(database_url)) == 2
    truth.assert_exact(database_url, folder)
    log = (host_of(app).settings.log_dir / "app.log").read_text()
    assert f"row without a file dropped image={lost.name} original_name=photo.jpg" in log


def test_a_file_that_is_found_again_keeps_its_row(clean, folder, meanwhile, database_url):
    lost = image_files(folder)[0]
    aside = lost.rename(folder / "aside")
    meanwhile(rows, "drop_rows", lambda: aside.rename(lost))
    report = clean(DROP)
    assert (report[Finding.MISSING].found, report[Finding.MISSING].removed) == (1, 0)
    assert report.needs_somebody
    truth.assert_exact(database_url, folder)


def test_if_the_volume_is_unmounted_meanwhile_no_row_is_removed(clean, folder, meanwhile, database_url):
    image_files(folder)[0].unlink()
    before = truth.rows(database_url)
    meanwhile(rows, "drop_rows", (folder / layout.MARKER).unlink)
    assert clean(DROP)[Finding.MISSING].removed == 0
    assert truth.rows(database_url) == before


def test_a_row_that_is_removed_meanwhile_is_not_counted_twice(host, clean, folder, meanwhile, database_url):
    lost = image_files(folder)[0]
    lost.unlink()
    meanwhile(rows, "drop_rows", lambda: images.delete_image_by_filename(host, ANYBODY, lost.name))
    assert clean(DROP)[Finding.MISSING].removed == 0
    truth.assert_exact(database_url, folder)


def test_an_image_that_is_deleted_meanwhile_is_not_called_lost(
    host, clean, folder, monkeypatch, database_url
):
    """The deletion happens after its row was read and before its file is checked."""
    real = rows.problem

    def delete_first(host: Host, share: Share | None, row: rows.CheckedRow) -> object:
        if row.id == 2:
            images.delete_image(host, ANYBODY, 2)
        return real(host, share, row)

    monkeypatch.setattr(rows, "problem", delete_first)
    assert counts(clean(DROP)) == {}
    truth.assert_exact(database_url, folder)
    assert len(truth.rows(database_url)) == 2


@ON_SQLITE
def test_an_image_that_is_deleted_while_it_is_read_is_not_called_damaged(clean, folder, monkeypatch):
    real = rows.damage

    def delete_first(host: Host, row: rows.CheckedRow, seen: StoredFacts) -> str:
        host.storage.delete(row.filename)
        return real(host, row, seen)

    monkeypatch.setattr(rows, "damage", delete_first)
    assert counts(clean(READ)) == {}


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (flip, "its SHA-256 does not match"),
        (lambda path: os.truncate(path, 10), "it has 10 bytes, not"),
        (lambda path: (path.unlink(), path.mkdir()), "it is not a file"),
        (lambda path: (path.unlink(), os.mkfifo(path)), "it is not a file"),
        (lambda path: (path.unlink(), path.symlink_to("/dev/zero")), "it is not a file"),
    ],
    ids=["a flipped bit", "cut", "folder", "pipe", "link"],
)
@ON_SQLITE
def test_a_damaged_file_is_named_and_never_removed(clean, folder, damage, reason, database_url):
    path = image_files(folder)[0]
    damage(path)
    report = clean(CleanupOptions(grace=0, checksums=Share(1, 1), drop_missing=True, force=True))
    (name,) = report[Finding.DAMAGED].names
    assert name.startswith(f"{path.name}: {reason}")
    assert report.needs_somebody
    assert os.path.lexists(path)
    assert path.name in truth.rows(database_url)


def test_damage_is_not_looked_for_unless_asked(clean, folder):
    flip(image_files(folder)[0])
    assert counts(clean()) == {}


@ON_SQLITE
def test_a_file_that_cannot_be_read_is_damaged(clean, folder, monkeypatch):
    path = image_files(folder)[0]
    real = Path.open

    def fail(self: Path, *arguments: object) -> object:
        if self == path:
            raise OSError(5, "Input/output error")
        return real(self, *arguments)

    monkeypatch.setattr(Path, "open", fail)
    assert clean(READ)[Finding.DAMAGED].names == [
        f"{path.name}: it cannot be read ([Errno 5] Input/output error)"
    ]


@ON_SQLITE
def test_if_the_storage_is_lost_while_it_is_read_no_damage_is_reported(clean, folder, monkeypatch):
    def fail(_: str) -> None:
        (folder / layout.MARKER).unlink(missing_ok=True)
        raise Unavailable("storage")

    monkeypatch.setattr(DiskStorage, "open", lambda _, name: fail(name))
    with pytest.raises(Unavailable):
        clean(READ)


@ON_SQLITE
def test_slices_together_read_every_file_once(clean, folder, database_url):
    for path in image_files(folder):
        flip(path)
    parts = [
        clean(CleanupOptions(grace=0, checksums=Share(number, 3)))[Finding.DAMAGED].names
        for number in (1, 2, 3)
    ]
    assert [len(names) for names in parts] == [1, 1, 1]
    named = {name.partition(":")[0] for names in parts for name in names}
    assert named == truth.rows(database_url).keys()


@ON_SQLITE
def test_the_names_that_a_report_repeats_are_bounded(host, clean, folder, monkeypatch):
    monkeypatch.setattr(cleanup.report, "MOST_NAMES", 2)
    for path in image_files(folder):
        path.unlink()
    report = clean()
    assert (report[Finding.MISSING].found, len(report[Finding.MISSING].names)) == (3, 2)
    assert files.recorded(host, []) == set()


@pytest.mark.parametrize(
    "statement", [rows.CHECKED_ROWS, sa.select(*exporting.EXPORTED_COLUMNS)], ids=["clean-up", "export"]
)
def test_a_deletion_after_the_last_row_was_read_is_seen(host, app, folder, database_url, statement):
    """The last query, which found no row, does not keep its snapshot open."""
    with app.app_context():
        known = [row.id for batch in batches_by_id(host.database, statement, 2) for row in batch]
        with truth.reading(database_url) as connection:
            connection.execute(sa.text("DELETE FROM images WHERE id = :id"), {"id": known[0]})
            connection.commit()
        assert [row_exists(host.database, image_id) for image_id in known] == [False, True, True]
