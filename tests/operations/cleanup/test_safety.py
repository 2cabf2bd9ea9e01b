"""The clean-up refuses to run with a wrong setting, a missing volume, or an empty database."""

import shutil
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from imagehost.db.models import Image
from imagehost.domain.failures import Busy, Failure
from imagehost.domain.policy import ANYBODY
from imagehost.operations import cleanup
from imagehost.operations.cleanup import CleanupOptions, Finding, rows
from imagehost.services import images
from imagehost.storage import layout, maintenance
from tests import pictures
from tests.applications import host_of
from tests.conftest import ON_BOTH_DATABASES, ON_SQLITE, uploaded
from tests.operations.cleanup.litter import NOW, counts, image_files, litter, put, tree
from tests.rows import add_rows, scalars
from tests.system import truth

pytestmark = ON_BOTH_DATABASES

DRY = CleanupOptions(grace=0, dry_run=True)
DROP = CleanupOptions(grace=0, drop_missing=True)


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(maintenance, "SECONDS_TO_WAIT_FOR_LOCK", 0.1)


@pytest.mark.parametrize("wish", [NOW, DRY], ids=["real", "dry"])
def test_a_storage_without_its_marker_is_not_touched(clean, folder, wish):
    (folder / layout.MARKER).unlink()
    litter(folder)
    before = tree(folder)
    with pytest.raises(Failure, match="has no marker file"):
        clean(wish)
    assert tree(folder) == before


@ON_SQLITE
def test_a_database_without_tables_is_refused(make_app, folder, tmp_path):
    litter(folder)
    before = tree(folder)
    other = make_app(DATABASE_URL=f"sqlite:///{tmp_path}/other.db", IMAGES_DIR=folder)
    with other.app_context(), pytest.raises(Failure, match="There are no tables in the database sqlite"):
        cleanup.clean_up(host_of(other), NOW)
    assert tree(folder) == before


@pytest.mark.parametrize("known", [0, 1])
def test_a_database_without_a_row_for_any_file_is_refused(host, app, clean, folder, database_url, known):
    with app.app_context(), host.database.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM images"))
    if known:
        add_rows(app, [datetime.now(UTC)])
    before = tree(folder)
    for wish in (NOW, DRY):
        with pytest.raises(Failure, match=r"3 of 3 files in .* have no row in the database .* add --force"):
            clean(wish)
    assert tree(folder) == before
    assert clean(CleanupOptions(grace=0, force=True))[Finding.ORPHAN].removed == 3


@ON_SQLITE
def test_more_than_a_tenth_of_all_files_do_not_go_unasked(app, clean, folder):
    for number in range(24):
        uploaded(app.test_client(), pictures.jpg(40 + number, 12))
    for number in range(3):
        put(folder, f"or/orphan{number:010}.jpg")
    # 3 of 30.
    assert clean()[Finding.ORPHAN].removed == 3
    for number in range(4):
        put(folder, f"or/orphan{number:010}.jpg")
    with pytest.raises(Failure, match=r"4 of 31 files .* add --force"):
        clean()
    assert clean(CleanupOptions(grace=0, force=True))[Finding.ORPHAN].removed == 4


@ON_SQLITE
def test_a_second_host_on_the_folder_is_noticed(app, make_app, clean, folder, tmp_path, migrated_sqlite):
    shutil.copy(migrated_sqlite, tmp_path / "other.db")
    other = make_app(DATABASE_URL=f"sqlite:///{tmp_path}/other.db", IMAGES_DIR=folder)
    for number in range(3):
        uploaded(other.test_client(), pictures.jpg(40 + number, 12))
    with pytest.raises(Failure, match=r"3 of 6 files .* add --force"):
        clean()


@ON_SQLITE
def test_if_no_row_has_a_file_rows_are_removed_only_with_force(clean, folder, database_url):
    for path in image_files(folder):
        path.unlink()
    with pytest.raises(
        Failure,
        match=r"3 of 3 rows .* have no file in .*\. Nothing was changed\. Check that IMAGES_DIR is right\.",
    ):
        clean(DROP)
    assert len(truth.rows(database_url)) == 3
    assert clean(CleanupOptions(grace=0, drop_missing=True, force=True))[Finding.MISSING].removed == 3


@ON_SQLITE
def test_more_than_a_tenth_of_all_rows_do_not_go_unasked(host, app, clean, folder, database_url):
    with app.app_context():
        moment = scalars(host, sa.select(Image.upload_time))[0]
    add_rows(app, [moment] * 3)
    with pytest.raises(Failure, match=r"3 of 6 rows .* add --force"):
        clean(DROP)
    assert len(truth.rows(database_url)) == 6
    assert clean()[Finding.MISSING].found == 3
    assert clean(CleanupOptions(grace=0, drop_missing=True, force=True))[Finding.MISSING].removed == 3
    truth.assert_exact(database_url, folder)


@ON_SQLITE
@pytest.mark.parametrize("wish", [NOW, DRY], ids=["real", "dry"])
def test_a_backup_that_runs_is_left_in_peace(host, app, clean, folder, wish, impatient):
    litter(folder)
    with app.app_context(), host.storage.maintaining():
        before = tree(folder)
        with pytest.raises(Busy):
            clean(wish)
        assert tree(folder) == before


@ON_SQLITE
def test_a_dry_run_keeps_backups_away_and_nothing_that_is_deleted(host, clean, folder, meanwhile, impatient):
    def act() -> None:
        with pytest.raises(Busy), host.storage.maintaining():
            pass
        images.delete_image(host, ANYBODY, 1)
        assert not (folder / ".deleted").exists()

    meanwhile(rows, "check_rows", act)
    assert counts(clean(DRY)) == {}


def test_nothing_that_is_deleted_during_a_clean_up_is_left(host, clean, folder, meanwhile, database_url):
    meanwhile(rows, "check_rows", lambda: images.delete_image(host, ANYBODY, 1))
    assert counts(clean()) == {}
    assert truth.hidden(folder, ".deleted") == []
    truth.assert_exact(database_url, folder)


def test_an_upload_during_a_clean_up_stays(app, clean, folder, meanwhile, database_url):
    meanwhile(rows, "check_rows", lambda: uploaded(app.test_client()))
    assert counts(clean()) == {}
    assert len(truth.rows(database_url)) == 4
    truth.assert_exact(database_url, folder)
