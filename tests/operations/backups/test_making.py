"""A backup holds one moment of the database, and the bytes of every image that it names."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest
import sqlalchemy as sa

from imagehost.domain.failures import Busy, Failure
from imagehost.extensions import db, settings, storage
from imagehost.operations.backups import catalogue, making, programs, restoring, verifying
from imagehost.services import images
from imagehost.storage import maintenance
from tests.conftest import ON_SQLITE, close
from tests.operations.backups.hosts import add_images, everything, hashes
from tests.postgres import GUARDED


@pytest.fixture
def context(app):
    with app.app_context():
        yield


def test_it_holds_every_image_bit_for_bit(app, context):
    add_images(app, 5)
    made = making.create()
    assert catalogue.NAME.fullmatch(made.backup.name)
    assert hashes(made.backup.images) == everything(app)[2]
    assert (made.manifest.copied, made.manifest.linked) == (5, 0)
    assert made.manifest.counts["images"] == 5
    assert verifying.verify(made.backup) == []


def test_its_manifest_tells_versions_counts_and_checksums(app, context):
    add_images(app, 2)
    backup = making.create().backup
    told = json.loads((backup.path / "manifest.json").read_text())
    assert set(told["versions"]) == {"imagehost", "python", "database"}
    assert told["counts"] == {"alembic_version": 1, "image_days": 1, "images": 2} | {
        "image_days": told["counts"]["image_days"]
    }
    assert told["sha256"] == hashlib.sha256((backup.path / "SHA256SUMS").read_bytes()).hexdigest()


def test_its_checksums_are_checked_by_sha256sum(app, context):
    add_images(app, 2)
    backup = making.create().backup
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"],
        cwd=backup.path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert checked.stdout.count(": OK") == 3


def test_an_empty_host_has_a_backup_too(context):
    made = making.create()
    assert made.manifest.counts["images"] == 0
    assert verifying.verify(made.backup) == []


def test_the_next_one_links_what_the_former_holds(app, context):
    add_images(app, 3)
    first = making.create().backup
    (new,) = add_images(app, 1, first=3)
    second = making.create()
    assert (second.manifest.copied, second.manifest.linked) == (1, 3)
    for path in hashes(first.images):
        assert (first.images / path).samefile(second.backup.images / path)
    # Bytes that an image and its backup share would be lost together.
    assert all(file.stat().st_nlink == 1 for file in settings.images_dir.glob("[a-z0-9][a-z0-9]/*"))
    shutil.rmtree(first.path)
    assert verifying.verify(second.backup) == []
    assert new in {path[3:] for path in hashes(second.backup.images)}


def test_what_a_check_found_damaged_is_copied_anew(app, context):
    (name, *_) = add_images(app, 3)
    first = making.create().backup
    file = first.images / name[:2] / name
    file.write_bytes(bytes(file.stat().st_size))
    assert verifying.verify(first) == [f"images/{name[:2]}/{name} is damaged: its checksum is another"]
    second = making.create()
    assert (second.manifest.copied, second.manifest.linked) == (1, 2)
    assert verifying.verify(second.backup) == []


@pytest.mark.parametrize("harm", [lambda file: file.unlink(), lambda file: file.write_bytes(b"short")])
def test_a_former_that_lost_a_file_is_made_up_for(app, context, harm):
    (name, *_) = add_images(app, 2)
    first = making.create().backup
    harm(first.images / name[:2] / name)
    second = making.create()
    assert (second.manifest.copied, second.manifest.linked) == (1, 1)
    assert verifying.verify(second.backup) == []


def test_an_image_that_the_storage_lost_is_named(app, context, caplog):
    lost, kept = add_images(app, 2)
    storage.delete(lost)
    made = making.create()
    assert made.manifest.missing == [lost]
    assert made.manifest.counts["images"] == 2
    assert verifying.verify(made.backup) == [f"images/{lost[:2]}/{lost} had no bytes in the storage"]
    assert list(hashes(made.backup.images)) == [f"{kept[:2]}/{kept}"]


def test_an_image_that_the_storage_spoiled_is_named_and_kept_as_it_is(app, context):
    spoiled, _ = add_images(app, 2)
    (settings.images_dir / spoiled[:2] / spoiled).write_bytes(b"rot")
    made = making.create()
    assert made.manifest.damaged == [spoiled]
    assert (made.backup.images / spoiled[:2] / spoiled).read_bytes() == b"rot"
    assert verifying.verify(made.backup) == [f"images/{spoiled[:2]}/{spoiled} was damaged in the storage"]


def test_what_is_deleted_while_it_runs_is_in_it(app, context, monkeypatch):
    """The row was there when the database was dumped."""
    gone, *_ = add_images(app, 3)
    take = making.take

    def take_then_delete(*paths):
        taken = take(*paths)
        images.delete_by_filename(gone)
        assert not storage.exists(gone)
        return taken

    monkeypatch.setattr(making, "take", take_then_delete)
    made = making.create()
    assert made.manifest.missing == []
    assert verifying.verify(made.backup) == []
    assert f"{gone[:2]}/{gone}" in hashes(made.backup.images)
    assert not list(settings.images_dir.glob(".deleted/*"))


def test_a_half_made_one_counts_for_nothing(app, context, monkeypatch):
    add_images(app, 2)
    monkeypatch.setattr(making.Fetching, "facts", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        making.create()
    assert catalogue.every() == []
    assert not list(settings.backup_dir.iterdir())


def test_what_a_killed_one_left_goes_with_the_next(app, context):
    left = settings.backup_dir / ".draft-backup_2026-01-01_030000"
    (left / "images").mkdir(parents=True)
    assert catalogue.every() == []
    making.create()
    assert not left.exists()


def test_two_in_one_second_have_two_names(context):
    assert making.create().backup.name != making.create().backup.name


def test_two_at_once_are_refused(context, monkeypatch):
    monkeypatch.setattr(maintenance, "SECONDS_TO_WAIT", 0.1)
    storage.initialise()
    with catalogue.writing(), pytest.raises(Busy):
        making.create()
    with storage.maintaining(), pytest.raises(Busy):
        making.create()


@ON_SQLITE
def test_without_the_storage_there_is_none(app, context):
    add_images(app, 1)
    (settings.images_dir / ".imagehost").unlink()
    with pytest.raises(Failure, match=r"has no marker: .* is probably not mounted"):
        making.create()
    assert catalogue.every() == []


@ON_SQLITE
def test_a_full_disk_is_told_and_leaves_nothing(app, context, monkeypatch, tmp_path):
    add_images(app, 1)
    occupied = tmp_path / "file"
    occupied.touch()
    app.extensions["imagehost.settings"] = settings_with(settings, backup_dir=occupied)
    with pytest.raises(Failure, match="cannot be written or read"):
        making.create()


def settings_with(settings, **changes):
    from dataclasses import replace

    return replace(settings._get_current_object(), **changes)


ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@ON_POSTGRESQL
def test_no_pg_dump_is_a_clear_error(context, monkeypatch):
    monkeypatch.setattr(programs, "candidates", lambda _: [])
    wanted = r"pg_dump is not installed\. On Debian: apt-get install postgresql-client-\d+"
    with pytest.raises(Failure, match=wanted):
        making.create()
    assert catalogue.every() == []


@ON_POSTGRESQL
def test_a_newer_server_is_a_clear_error(context, monkeypatch, tmp_path):
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n")
    old.chmod(0o755)
    monkeypatch.setattr(programs, "candidates", lambda _: [str(old)])
    with pytest.raises(
        Failure, match=r"pg_dump is of version 9, the server of \d+: .* postgresql-client-\d+"
    ):
        making.create()


def test_the_programs_of_this_machine_are_found_with_their_versions():
    found = programs.candidates("pg_dump")
    assert found
    assert all(programs.major(path) > 9 for path in found)


@ON_POSTGRESQL
def test_what_pg_dump_says_is_told(context, monkeypatch):
    monkeypatch.setattr(programs, "postgresql_environment", lambda _: {"PGOPTIONS": "-c bogus=1"})
    with pytest.raises(Failure, match="bogus"):
        making.create()


def test_one_of_the_database_alone_is_one_file(app, context):
    add_images(app, 3)
    made = making.create_of_database()
    assert made.backup.path.is_file()
    assert made.backup.name.endswith(".sql")
    assert [file.name for file in settings.backup_dir.iterdir()] == [made.backup.name]
    assert made.manifest.counts["images"] == 3
    assert verifying.verify(made.backup) == []


PASSWORD = "p@ss w/rd:%41'\"\\"


@pytest.fixture
def guarded(postgres, make_app, database_url):
    """A host whose database is owned by a user with a password."""
    postgres.execute(f"CREATE ROLE {GUARDED} LOGIN CREATEDB PASSWORD $p${PASSWORD}$p$")
    url = sa.make_url(database_url)
    postgres.execute(f"ALTER DATABASE {url.database} OWNER TO {GUARDED}")
    for name in ("images", "image_days", "alembic_version"):
        postgres.execute(f"ALTER TABLE {name} OWNER TO {GUARDED}", url.database)
    app = make_app(DATABASE_URL=url.set(username=GUARDED, password=PASSWORD).render_as_string(False))
    yield app
    close(app)
    for name in ("images", "image_days", "alembic_version"):
        postgres.execute(f"DROP TABLE {name}", url.database)
    postgres.execute(f"DROP OWNED BY {GUARDED}", url.database)
    postgres.execute(f"ALTER DATABASE {url.database} OWNER TO postgres")
    postgres.execute(f"DROP ROLE {GUARDED}")


@ON_POSTGRESQL
def test_a_password_reaches_the_programs_and_no_one_else(guarded, monkeypatch):
    add_images(guarded, 2)
    before = everything(guarded)
    popen, commands = subprocess.Popen, []
    monkeypatch.setattr(
        subprocess, "Popen", lambda command, **given: commands.append(command) or popen(command, **given)
    )
    with guarded.app_context():
        made = making.create()
        assert verifying.verify(made.backup) == []
        restoring.restore(made.backup, replace=True)
    assert everything(guarded) == before
    assert {Path(command[0]).name for command in commands} == {"pg_dump", "psql"}
    assert not [word for command in commands for word in command if "p@ss" in word or "p%40ss" in word]


@ON_SQLITE
def test_an_image_that_cannot_be_read_is_named_and_the_others_are_kept(app, context):
    bad, good = add_images(app, 2)
    path = settings.images_dir / bad[:2] / bad
    path.unlink()
    # What opens like a file, and fails when it is read.
    path.symlink_to("/proc/self/mem")
    made = making.create()
    assert made.manifest.damaged == [bad]
    assert list(hashes(made.backup.images)) == [f"{good[:2]}/{good}"]
    assert verifying.verify(made.backup) == [f"images/{bad[:2]}/{bad} was damaged in the storage"]


@ON_SQLITE
def test_drafts_of_somebody_else_stay(context):
    settings.backup_dir.mkdir()
    for name in (".drafts", ".draft-of-my-will.odt"):
        (settings.backup_dir / name).mkdir()
    making.create()
    assert {path.name for path in settings.backup_dir.glob(".draft*")} == {".drafts", ".draft-of-my-will.odt"}


@ON_SQLITE
@pytest.mark.parametrize("name", ["backup_2026-13-45_999999", "backup_2026-01-01_030000.sql.gz"])
def test_what_is_only_called_like_a_backup_is_none(context, name):
    (settings.backup_dir / name).mkdir(parents=True)
    assert catalogue.every() == []


@ON_POSTGRESQL
def test_what_an_administrator_added_is_not_in_the_dump(app, context):
    add_images(app, 1)
    with db.engine.begin() as connection:
        connection.exec_driver_sql("CREATE PUBLICATION somewhere")
        connection.exec_driver_sql("CREATE TYPE mood AS ENUM ('good')")
    backup = making.create().backup
    assert verifying.verify(backup) == []
    restoring.restore(backup, replace=True)


@ON_SQLITE
def test_a_lone_dump_is_nobody_elses_to_read(app, context):
    add_images(app, 1)
    backup = making.create_of_database().backup
    assert backup.path.stat().st_mode & 0o777 == 0o600
