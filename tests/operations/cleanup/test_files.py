"""The clean-up removes files that no row refers to, and never an image."""

import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from imagehost.db.models import Image
from imagehost.domain.rendition_sizes import RENDITION_FOLDER
from imagehost.operations.cleanup import CleanupOptions, Finding, Share, files, rows
from tests.applications import change_host, host_of
from tests.conftest import ON_BOTH_DATABASES, ON_SQLITE
from tests.operations.cleanup.litter import (
    BYTES,
    FOREIGN,
    GARBAGE,
    NOW,
    ORPHAN,
    counts,
    flip,
    image_files,
    litter,
    put,
    tree,
)
from tests.rows import execute

pytestmark = ON_BOTH_DATABASES

AN_HOUR = 3600


def test_a_sound_host_is_left_as_it_is(clean, folder):
    before = tree(folder)
    report = clean(CleanupOptions(grace=0, drop_missing=True, checksums=Share(1, 1)))
    assert counts(report) == {}
    assert not report.needs_somebody
    assert tree(folder) == before


def test_files_that_no_row_refers_to_are_removed_and_others_are_kept(clean, folder, database_url):
    before = set(tree(folder))
    litter(folder)
    report = clean()
    assert counts(report) == {**GARBAGE, Finding.FOREIGN: 4}
    assert report.freed == BYTES
    assert not report.needs_somebody
    assert sorted(report[Finding.FOREIGN].names) == FOREIGN
    folders = {
        "ab",
        "or",
        f".renditions/{RENDITION_FOLDER}/or",
        f".renditions/{RENDITION_FOLDER}/no",
        "lost+found/#12345",
    }
    assert set(tree(folder)) - folders - set(FOREIGN) == before
    assert counts(clean()) == {Finding.FOREIGN: 4}


def test_a_dry_run_says_the_same_and_touches_nothing(clean, folder):
    litter(folder)
    image_files(folder)[-1].unlink()
    before = tree(folder)
    dry = clean(CleanupOptions(grace=0, dry_run=True, drop_missing=True))
    assert tree(folder) == before
    real = clean(CleanupOptions(grace=0, drop_missing=True))
    assert (dry.freed, dry.tallies) == (real.freed, real.tallies)


def test_young_files_are_kept_until_the_grace_period_is_over(app, clean, folder):
    litter(folder)
    # The file was copied just now, although its own time is old.
    os.utime(folder / "or" / ORPHAN, (0, 0))
    assert counts(clean(CleanupOptions(grace=AN_HOUR))) == {Finding.DELETED: 1, Finding.FOREIGN: 4}
    assert (folder / "or" / ORPHAN).exists()
    later = time.time() + AN_HOUR + 1
    change_host(app, clock=lambda: datetime.fromtimestamp(later, UTC))
    assert clean(CleanupOptions(grace=AN_HOUR))[Finding.ORPHAN].removed == 1
    assert not (folder / "or" / ORPHAN).exists()


def test_a_row_that_comes_meanwhile_saves_its_file(host, clean, folder, meanwhile):
    """This happens if an upload takes longer than the grace period."""
    orphan = put(folder, f"or/{ORPHAN}")

    def commit() -> None:
        execute(host, sa.update(Image).where(Image.id == 1).values(filename=ORPHAN))

    meanwhile(files, "remove_garbage", commit)
    report = clean()
    assert (report[Finding.ORPHAN].found, report[Finding.ORPHAN].removed, report.freed) == (1, 0, 0)
    assert orphan.exists()


def test_a_change_that_comes_meanwhile_saves_a_file(app, clean, folder, meanwhile):
    left_over = put(folder, ".incoming/tmpabcdef")
    now = left_over.stat().st_ctime + 0.01
    change_host(app, clock=lambda: datetime.fromtimestamp(now, UTC))

    def change() -> None:
        while left_over.stat().st_ctime < now:
            left_over.touch()

    meanwhile(files, "remove_garbage", change)
    report = clean()
    assert (report[Finding.INCOMING].found, report[Finding.INCOMING].removed) == (1, 0)
    assert left_over.exists()


def test_a_file_that_is_removed_meanwhile_is_not_counted(clean, folder, meanwhile):
    orphan = put(folder, f"or/{ORPHAN}")
    meanwhile(files, "remove_garbage", orphan.unlink)
    report = clean()
    assert (report[Finding.ORPHAN].removed, report[Finding.ORPHAN].failed, report.freed) == (0, 0, 0)


def test_the_renditions_of_a_lost_file_go(clean, folder):
    kept = [path.name for path in (folder / ".renditions").rglob("*.webp")]
    assert len(kept) == 2
    (folder / kept[0][:2] / kept[0].partition(".webp")[0].removesuffix(".720")).unlink()
    assert clean()[Finding.RENDITION].removed == 2


@ON_SQLITE
def test_files_that_cannot_be_removed_are_reported(clean, folder, monkeypatch):
    litter(folder)
    real = Path.unlink

    def fail(self: Path, **options: bool) -> None:
        if self.name == ORPHAN:
            raise PermissionError(13, "Permission denied")
        real(self, **options)

    monkeypatch.setattr(Path, "unlink", fail)
    report = clean()
    assert (report[Finding.ORPHAN].failed, report[Finding.ORPHAN].removed) == (1, 0)
    assert report[Finding.RENDITION].removed == 2
    assert report.needs_somebody


@ON_SQLITE
def test_links_are_not_followed(clean, folder, tmp_path):
    put(tmp_path, f"elsewhere/{ORPHAN}")
    put(tmp_path, "elsewhere/tmp1")
    (folder / "or").symlink_to(tmp_path / "elsewhere")
    (folder / "ln").mkdir()
    (folder / "ln" / "ln00000000000000.jpg").symlink_to(tmp_path / "elsewhere" / ORPHAN)
    shutil.rmtree(folder / ".incoming")
    (folder / ".incoming").symlink_to(tmp_path / "elsewhere")
    put(folder, f".renditions/{RENDITION_FOLDER}/or/{ORPHAN}.webp")
    assert counts(clean()) == {Finding.FOREIGN: 2, Finding.RENDITION: 1}
    assert len(list((tmp_path / "elsewhere").iterdir())) == 2
    assert (folder / "ln" / "ln00000000000000.jpg").is_symlink()


@ON_SQLITE
def test_the_storage_itself_may_be_a_link(clean, folder):
    real = folder.rename(folder.with_name("real"))
    folder.symlink_to(real)
    put(folder, f"or/{ORPHAN}")
    assert counts(clean()) == {Finding.ORPHAN: 1}


@ON_SQLITE
def test_names_that_are_no_text_are_reported(clean, folder):
    put(folder, "ab/a\nb\udcff")
    assert clean()[Finding.FOREIGN].names == ["ab/a\nb\udcff"]


@ON_SQLITE
def test_removals_are_logged(app, clean, folder):
    litter(folder)
    flip(image_files(folder)[0])
    clean(CleanupOptions(grace=NOW.grace, checksums=Share(1, 1)))
    log = (host_of(app).settings.log_dir / "app.log").read_text()
    assert f"INFO - - file removed path=or/{ORPHAN} what=image size=5" in log
    assert "ERROR - - damaged file image=" in log
    last = log.splitlines()[-1]
    assert "WARNING - - cleaned up files_without_a_row=1 renditions_of_nothing=2" in last
    assert last.endswith("removed=5 freed=15")


@ON_SQLITE
def test_rows_are_read_by_the_handful(clean, folder, monkeypatch):
    monkeypatch.setattr(rows, "ROWS_PER_QUERY", 2)
    monkeypatch.setattr(files, "NAMES_PER_QUERY", 2)
    monkeypatch.setattr(files, "AT_ONCE", 2)
    litter(folder)
    assert counts(clean()) == {**GARBAGE, Finding.FOREIGN: 4}
    assert counts(clean()) == {Finding.FOREIGN: 4}
