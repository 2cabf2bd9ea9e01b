"""After a restore, the host has exactly the data of the backup, or nothing is changed."""

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from imagehost.domain.failures import Failure
from imagehost.domain.policy import ANYBODY
from imagehost.operations.backups import restore
from imagehost.operations.backups.catalogue import find_backup, list_backups
from imagehost.operations.backups.create import create_backup, create_dump
from imagehost.operations.backups.manifest import read_manifest
from imagehost.operations.backups.restore import restore_backup
from imagehost.operations.backups.verify import verify_backup
from imagehost.operations.dumps.databases import database_state, own_dumper
from imagehost.services import images
from tests.applications import host_of
from tests.conftest import ON_BOTH_DATABASES, ON_SQLITE, uploaded
from tests.operations.backups.hostile import reseal
from tests.operations.backups.hosts import add_images, everything, hashes, lose_everything
from tests.operations.backups.test_verify import an_image, flip

pytestmark = ON_BOTH_DATABASES


@pytest.fixture
def context(app):
    with app.app_context():
        yield


@pytest.fixture
def backup(host, app, context):
    add_images(app, 4)
    return create_backup(host).backup


def test_everything_is_restored_after_everything_was_lost(host, app, backup):
    before = everything(host)
    lose_everything(host)
    done = restore_backup(host, backup)
    assert everything(host) == before
    assert (done.safety, done.added, done.removed) == (None, 4, 0)
    assert host.storage.is_ready()


def test_the_restored_host_accepts_uploads(host, app, backup):
    lose_everything(host)
    restore_backup(host, backup)
    answer = uploaded(app.test_client())
    assert answer["id"] == 5
    assert app.test_client().get("/images-list").json["pagination"]["total_items"] == 5


def test_a_host_with_images_is_not_changed_without_the_option(host, app, backup):
    before = everything(host)
    with pytest.raises(Failure, match=r"This host has 4 images\. .* add --yes"):
        restore_backup(host, backup)
    assert everything(host) == before


def test_a_host_with_images_is_restored_after_a_safety_backup(host, app, backup):
    before = everything(host)
    images.delete_image(host, ANYBODY, 1)
    (later,) = add_images(app, 1, first=4)
    between = everything(host)
    done = restore_backup(host, backup, replace=True)
    assert everything(host) == before
    assert (done.added, done.removed) == (1, 1)
    assert not host.storage.exists(later)
    # The way back.
    assert verify_backup(host, done.safety.backup) == []
    restore_backup(host, done.safety.backup, replace=True)
    assert everything(host) == between


def test_only_missing_or_damaged_files_are_copied(host, app, backup):
    before = everything(host)
    lost, spoiled = sorted(host.settings.images_dir.glob("[a-z0-9][a-z0-9]/*"))[:2]
    lost.unlink()
    flip(spoiled)
    done = restore_backup(host, backup, replace=True)
    assert everything(host) == before
    assert done.added == 1


def test_lost_bytes_of_a_storage_that_is_new(host, app, backup):
    before = everything(host)
    shutil.rmtree(host.settings.images_dir)
    with pytest.raises(Failure, match="is probably not mounted"):
        restore_backup(host, backup, replace=True)
    assert not host.settings.images_dir.exists()
    restore_backup(host, backup, replace=True, new_storage=True)
    assert everything(host) == before


def test_a_damaged_backup_changes_nothing(host, app, backup):
    images.delete_image(host, ANYBODY, 1)
    before = everything(host)
    flip(an_image(backup))
    with pytest.raises(Failure, match=r"is damaged\. Nothing was changed\."):
        restore_backup(host, backup, replace=True)
    assert everything(host) == before
    assert len(list_backups(host)) == 1


def test_a_failure_half_way_changes_nothing(host, app, backup, monkeypatch):
    images.delete_image(host, ANYBODY, 1)
    before = everything(host)
    kind = type(own_dumper(host))

    def fail(*_):
        raise Failure("half-way")

    monkeypatch.setattr(kind, "replace", fail)
    with pytest.raises(Failure, match="half-way"):
        restore_backup(host, backup, replace=True)
    assert everything(host) == before


def test_a_dump_that_fails_half_way_changes_nothing(host, app, backup):
    """The tables were already dropped in the same transaction."""
    before = everything(host)
    with pytest.raises(Failure, match=r"the manifest lists|differs from the manifest"):
        own_dumper(host).replace(backup.dump, database_state(host), {"images": 99})
    assert everything(host) == before


def test_an_upload_that_comes_in_meanwhile_is_not_lost(host, app, backup, monkeypatch):
    make = restore.make_backup

    def make_and_upload(*given, **options):
        made = make(*given, **options)
        add_images(app, 1, first=9)
        return made

    monkeypatch.setattr(restore, "make_backup", make_and_upload)
    with pytest.raises(Failure, match="Images were uploaded or deleted during the restore"):
        restore_backup(host, backup, replace=True)
    rows, days, files = everything(host)
    assert (len(rows), sum(images for _, images in days), len(files)) == (5, 5, 5)


def test_a_backup_of_only_the_database_is_restored_without_changing_files(host, app, context):
    add_images(app, 3)
    backup = create_dump(host).backup
    before = everything(host)
    own_dumper(host)
    lose_tables(host, app)
    restore_backup(host, backup)
    assert everything(host) == before


def lose_tables(host, app):
    kept = host.settings.images_dir.with_name("kept")
    shutil.copytree(host.settings.images_dir, kept)
    lose_everything(host)
    kept.rename(host.settings.images_dir)


def test_a_backup_from_another_folder_is_restored(host, app, backup, tmp_path):
    before = everything(host)
    elsewhere = tmp_path / "usb"
    elsewhere.mkdir()
    backup.path.rename(elsewhere / backup.name)
    lose_everything(host)
    restore_backup(host, find_backup(host, str(elsewhere / backup.name)))
    assert everything(host) == before


def test_a_backup_with_lost_images_restores_the_others(host, app, context):
    lost, kept = add_images(app, 2)
    host.storage.delete(lost)
    backup = create_backup(host).backup
    lose_everything(host)
    restore_backup(host, backup)
    rows, _, files = everything(host)
    assert (len(rows), list(files)) == (2, [f"{kept[:2]}/{kept}"])


def test_images_above_the_present_limit_are_restored(host, app, backup, make_app):
    before = everything(host)
    lose_everything(host)
    strict = make_app(MAX_FILE_SIZE=100)
    with strict.app_context():
        restore_backup(host_of(strict), backup)
    assert everything(host) == before


def test_tables_of_a_newer_version_are_refused(host, app, backup):
    before = everything(host)
    reseal(backup, revision="9999")
    with pytest.raises(Failure, match="newer version of imagehost"):
        restore_backup(host, backup, replace=True)
    assert everything(host) == before


def test_a_backup_of_the_other_database_is_refused(host, app, backup):
    reseal(
        backup, database={"sqlite": "postgresql", "postgresql": "sqlite"}[host.database.engine.dialect.name]
    )
    with pytest.raises(Failure, match="flask db copy-from"):
        restore_backup(host, backup, replace=True)


def test_a_thumbnail_is_made_again(host, app, backup):
    name = next(iter(hashes(backup.path / "images")))[3:]
    lose_everything(host)
    restore_backup(host, backup)
    assert app.test_client().get(f"/thumbnails/{name}.webp").status_code == 200


def test_tables_that_were_made_meanwhile_are_not_dropped(host, app, backup):
    before = everything(host)
    with pytest.raises(Failure, match="uploaded or deleted during the restore"):
        own_dumper(host).replace(backup.dump, None, read_manifest(backup).counts)
    assert everything(host) == before


def test_files_are_kept_if_the_commit_succeeded_but_reported_an_error(host, app, backup, monkeypatch):
    """This happens if the connection is lost right after the commit."""
    before = everything(host)
    lose_everything(host)
    kind = type(own_dumper(host))
    replace = kind.replace

    def replace_unheard(*given):
        replace(*given)
        raise Failure("connection lost")

    monkeypatch.setattr(kind, "replace", replace_unheard)
    with pytest.raises(Failure, match="connection lost"):
        restore_backup(host, backup)
    assert everything(host) == before


def test_tables_of_others_are_left_alone(host, app, backup):
    with host.database.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT)"))
        connection.execute(sa.text("INSERT INTO customers VALUES (1, 'Ada')"))
    made = create_backup(host).backup
    for one in (backup, made):
        restore_backup(host, one, replace=True)
        with host.database.engine.begin() as connection:
            assert connection.execute(sa.text("SELECT name FROM customers")).scalar_one() == "Ada"


def test_a_safety_backup_shares_nothing_that_rotted(host, app, context):
    first = create_backup(host).backup
    add_images(app, 2)
    between = everything(host)
    second = create_backup(host).backup
    flip(an_image(second))
    done = restore_backup(host, first, replace=True)
    assert verify_backup(host, done.safety.backup) == []
    restore_backup(host, done.safety.backup, replace=True)
    assert everything(host) == between


def test_files_that_the_backup_lacks_or_has_damaged_replace_no_good_file(host, app, context):
    lost, spoiled, _ = add_images(app, 3)
    before = everything(host)
    paths = [host.settings.images_dir / name[:2] / name for name in (lost, spoiled)]
    good = [path.read_bytes() for path in paths]
    paths[0].unlink()
    flip(paths[1])
    backup = create_backup(host).backup
    for path, content in zip(paths, good, strict=True):
        path.write_bytes(content)
    restore_backup(host, backup, replace=True)
    assert everything(host) == before


def test_a_file_of_a_file_manager_in_the_backup_does_not_prevent_the_restore(host, app, backup):
    before = everything(host)
    (backup.path / "images" / "Thumbs.db").touch()
    lose_everything(host)
    restore_backup(host, backup)
    assert everything(host) == before


def test_a_backup_from_another_folder_is_restored_without_a_backup_folder(
    host, app, backup, make_app, tmp_path
):
    before = everything(host)
    lose_everything(host)
    new = make_app(BACKUP_DIR=tmp_path / "new" / "backups")
    with new.app_context():
        restore_backup(host_of(new), find_backup(host_of(new), str(backup.path)))
    assert everything(host) == before


@ON_SQLITE
def test_a_missing_database_file_is_created(host, app, backup):
    before = everything(host)
    file = Path(str(host.database.engine.url.database))
    host.database.engine.dispose()
    for path in file.parent.glob(f"{file.name}*"):
        path.unlink()
    restore_backup(host, backup)
    assert everything(host) == before
    assert add_images(app, 1, first=7)


def test_tables_of_a_newer_version_are_saved_and_removed(host, app, backup):
    """This happens if an upgrade is rolled back and done again."""
    before = everything(host)
    with host.database.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE albums (id INTEGER PRIMARY KEY)"))
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    done = restore_backup(host, backup, replace=True)
    assert everything(host) == before
    assert not sa.inspect(host.database.engine).has_table("albums")
    assert done.safety.manifest.counts["albums"] == 0
    assert "albums" in done.safety.backup.dump.read_text()
