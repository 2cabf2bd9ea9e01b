"""A restore ends with what the backup holds, bit for bit, or changes nothing."""

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from imagehost.domain.failures import Failure
from imagehost.extensions import db, settings, storage
from imagehost.operations.backups import catalogue, databases, making, manifest, restoring, verifying
from imagehost.services import images
from tests.conftest import ON_SQLITE, uploaded
from tests.operations.backups.hostile import reseal
from tests.operations.backups.hosts import add_images, everything, hashes, lose_everything
from tests.operations.backups.test_verifying import an_image, flip


@pytest.fixture
def context(app):
    with app.app_context():
        yield


@pytest.fixture
def backup(app, context):
    add_images(app, 4)
    return making.create().backup


def test_everything_comes_back_after_everything_was_lost(app, backup):
    before = everything(app)
    lose_everything(app)
    done = restoring.restore(backup)
    assert everything(app) == before
    assert (done.safety, done.added, done.removed) == (None, 4, 0)
    assert storage.is_ready()


def test_the_host_goes_on_from_there(app, backup):
    lose_everything(app)
    restoring.restore(backup)
    answer = uploaded(app.test_client())
    assert answer["id"] == 5
    assert app.test_client().get("/images-list").json["pagination"]["total_items"] == 5


def test_a_full_host_is_not_touched_unless_told(app, backup):
    before = everything(app)
    with pytest.raises(Failure, match=r"This host has 4 images\. .* say --yes"):
        restoring.restore(backup)
    assert everything(app) == before


def test_a_full_host_goes_back_to_the_backup_after_a_safety_backup(app, backup):
    before = everything(app)
    images.delete(1)
    (later,) = add_images(app, 1, first=4)
    between = everything(app)
    done = restoring.restore(backup, replace=True)
    assert everything(app) == before
    assert (done.added, done.removed) == (1, 1)
    assert not storage.exists(later)
    # And back again.
    assert verifying.verify(done.safety.backup) == []
    restoring.restore(done.safety.backup, replace=True)
    assert everything(app) == between


def test_only_what_is_missing_or_damaged_is_brought(app, backup):
    before = everything(app)
    lost, spoiled = sorted(settings.images_dir.glob("[a-z0-9][a-z0-9]/*"))[:2]
    lost.unlink()
    flip(spoiled)
    done = restoring.restore(backup, replace=True)
    assert everything(app) == before
    assert done.added == 1


def test_lost_bytes_of_a_storage_that_is_new(app, backup):
    before = everything(app)
    shutil.rmtree(settings.images_dir)
    with pytest.raises(Failure, match="is probably not mounted"):
        restoring.restore(backup, replace=True)
    assert not settings.images_dir.exists()
    restoring.restore(backup, replace=True, new_storage=True)
    assert everything(app) == before


def test_a_damaged_backup_changes_nothing(app, backup):
    images.delete(1)
    before = everything(app)
    flip(an_image(backup))
    with pytest.raises(Failure, match="is damaged, and nothing was changed"):
        restoring.restore(backup, replace=True)
    assert everything(app) == before
    assert len(catalogue.every()) == 1


def test_a_failure_half_way_changes_nothing(app, backup, monkeypatch):
    images.delete(1)
    before = everything(app)
    kind = type(databases.live())

    def fail(*_):
        raise Failure("half-way")

    monkeypatch.setattr(kind, "replace", fail)
    with pytest.raises(Failure, match="half-way"):
        restoring.restore(backup, replace=True)
    assert everything(app) == before


def test_a_dump_that_fails_half_way_changes_nothing(app, backup):
    """The tables were dropped by then, in the same transaction."""
    before = everything(app)
    with pytest.raises(Failure, match=r"should be|not as many"):
        databases.live().replace(backup.dump, databases.state(), {"images": 99})
    assert everything(app) == before


def test_an_upload_that_comes_in_meanwhile_is_not_lost(app, backup, monkeypatch):
    make = making.make

    def make_and_upload(progress, **given):
        made = make(progress, **given)
        add_images(app, 1, first=9)
        return made

    monkeypatch.setattr(making, "make", make_and_upload)
    with pytest.raises(Failure, match="Images were uploaded or deleted meanwhile"):
        restoring.restore(backup, replace=True)
    rows, days, files = everything(app)
    assert (len(rows), sum(images for _, images in days), len(files)) == (5, 5, 5)


def test_a_database_alone_is_restored_beside_the_bytes(app, context):
    add_images(app, 3)
    backup = making.create_of_database().backup
    before = everything(app)
    databases.live()
    lose_tables(app)
    restoring.restore(backup)
    assert everything(app) == before


def lose_tables(app):
    kept = settings.images_dir.with_name("kept")
    shutil.copytree(settings.images_dir, kept)
    lose_everything(app)
    kept.rename(settings.images_dir)


def test_one_from_another_folder_is_restored(app, backup, tmp_path):
    before = everything(app)
    elsewhere = tmp_path / "usb"
    elsewhere.mkdir()
    backup.path.rename(elsewhere / backup.name)
    lose_everything(app)
    restoring.restore(catalogue.find(str(elsewhere / backup.name)))
    assert everything(app) == before


def test_one_with_lost_images_brings_the_others(app, context):
    lost, kept = add_images(app, 2)
    storage.delete(lost)
    backup = making.create().backup
    lose_everything(app)
    restoring.restore(backup)
    rows, _, files = everything(app)
    assert (len(rows), list(files)) == (2, [f"{kept[:2]}/{kept}"])


def test_larger_images_than_are_let_in_now_come_back(app, backup, make_app):
    before = everything(app)
    lose_everything(app)
    strict = make_app(MAX_FILE_SIZE=100)
    with strict.app_context():
        restoring.restore(backup)
    assert everything(app) == before


def test_tables_of_a_newer_version_are_refused(app, backup):
    before = everything(app)
    reseal(backup, revision="9999")
    with pytest.raises(Failure, match="newer imagehost"):
        restoring.restore(backup, replace=True)
    assert everything(app) == before


def test_one_of_the_other_database_is_refused(app, backup):
    reseal(backup, database={"sqlite": "postgresql", "postgresql": "sqlite"}[db.engine.dialect.name])
    with pytest.raises(Failure, match="flask db copy-from"):
        restoring.restore(backup, replace=True)


def test_a_thumbnail_is_made_anew(app, backup):
    name = next(iter(hashes(backup.images)))[3:]
    lose_everything(app)
    restoring.restore(backup)
    assert app.test_client().get(f"/thumbnails/{name}.webp").status_code == 200


def test_tables_that_were_made_meanwhile_are_not_dropped(app, backup):
    before = everything(app)
    with pytest.raises(Failure, match="uploaded or deleted meanwhile"):
        databases.live().replace(backup.dump, None, manifest.read(backup).counts)
    assert everything(app) == before


def test_bytes_stay_where_the_rows_came_back_though_it_was_not_heard(app, backup, monkeypatch):
    """As when the connection is lost right after the commit."""
    before = everything(app)
    lose_everything(app)
    kind = type(databases.live())
    replace = kind.replace

    def replace_unheard(*given):
        replace(*given)
        raise Failure("connection lost")

    monkeypatch.setattr(kind, "replace", replace_unheard)
    with pytest.raises(Failure, match="connection lost"):
        restoring.restore(backup)
    assert everything(app) == before


def test_tables_of_others_are_left_alone(app, backup):
    with db.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT)"))
        connection.execute(sa.text("INSERT INTO customers VALUES (1, 'Ada')"))
    made = making.create().backup
    for one in (backup, made):
        restoring.restore(one, replace=True)
        with db.engine.begin() as connection:
            assert connection.execute(sa.text("SELECT name FROM customers")).scalar_one() == "Ada"


def test_a_safety_backup_shares_nothing_that_rotted(app, context):
    first = making.create().backup
    add_images(app, 2)
    between = everything(app)
    second = making.create().backup
    flip(an_image(second))
    done = restoring.restore(first, replace=True)
    assert verifying.verify(done.safety.backup) == []
    restoring.restore(done.safety.backup, replace=True)
    assert everything(app) == between


def test_what_was_lost_or_spoiled_in_the_backup_replaces_nothing_good(app, context):
    lost, spoiled, _ = add_images(app, 3)
    before = everything(app)
    paths = [settings.images_dir / name[:2] / name for name in (lost, spoiled)]
    good = [path.read_bytes() for path in paths]
    paths[0].unlink()
    flip(paths[1])
    backup = making.create().backup
    for path, content in zip(paths, good, strict=True):
        path.write_bytes(content)
    restoring.restore(backup, replace=True)
    assert everything(app) == before


def test_what_a_file_manager_left_keeps_nothing_from_coming_back(app, backup):
    before = everything(app)
    (backup.images / "Thumbs.db").touch()
    lose_everything(app)
    restoring.restore(backup)
    assert everything(app) == before


def test_one_from_elsewhere_is_restored_where_there_was_none_yet(app, backup, make_app, tmp_path):
    before = everything(app)
    lose_everything(app)
    new = make_app(BACKUP_DIR=tmp_path / "new" / "backups")
    with new.app_context():
        restoring.restore(catalogue.find(str(backup.path)))
    assert everything(app) == before


@ON_SQLITE
def test_a_database_file_that_is_gone_is_made_anew(app, backup):
    before = everything(app)
    file = Path(str(db.engine.url.database))
    db.session.remove()
    db.engine.dispose()
    for path in file.parent.glob(f"{file.name}*"):
        path.unlink()
    restoring.restore(backup)
    assert everything(app) == before
    assert add_images(app, 1, first=7)


def test_what_a_newer_version_made_is_saved_and_goes(app, backup):
    """As when an upgrade is rolled back, and done again."""
    before = everything(app)
    with db.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE albums (id INTEGER PRIMARY KEY)"))
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    done = restoring.restore(backup, replace=True)
    assert everything(app) == before
    assert not sa.inspect(db.engine).has_table("albums")
    assert done.safety.manifest.counts["albums"] == 0
    assert "albums" in done.safety.backup.dump.read_text()
