"""A backup contains one snapshot of the database, and the bytes of every image in it."""

import hashlib
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from imagehost.domain.failures import Busy, Failure
from imagehost.domain.policy import ANYBODY
from imagehost.operations.backups import catalogue, create
from imagehost.operations.backups.catalogue import changing_backups, list_backups
from imagehost.operations.backups.create import create_backup, create_dump
from imagehost.operations.backups.image_files import ImageCopier
from imagehost.operations.backups.restore import restore_backup
from imagehost.operations.backups.verify import verify_backup
from imagehost.operations.dumps import programs
from imagehost.services import images
from imagehost.storage import maintenance
from tests.applications import close, host_of
from tests.conftest import ON_BOTH_DATABASES, ON_POSTGRESQL, ON_SQLITE
from tests.operations.backups.hosts import add_images, everything, hashes
from tests.postgres import GUARDED

pytestmark = ON_BOTH_DATABASES


@pytest.fixture
def context(app):
    with app.app_context():
        yield


def test_it_holds_every_image_bit_for_bit(host, app, context):
    add_images(app, 5)
    made = create_backup(host)
    assert catalogue.BACKUP_NAME.fullmatch(made.backup.name)
    assert hashes(made.backup.path / "images") == everything(host)[2]
    assert (made.manifest.copied, made.manifest.linked) == (5, 0)
    assert made.manifest.counts["images"] == 5
    assert verify_backup(host, made.backup) == []


def test_the_manifest_has_versions_counts_and_checksums(host, app, context):
    add_images(app, 2)
    backup = create_backup(host).backup
    told = json.loads((backup.path / "manifest.json").read_text())
    assert set(told["versions"]) == {"imagehost", "python", "database"}
    assert told["counts"] == {"alembic_version": 1, "image_days": 1, "images": 2} | {
        "image_days": told["counts"]["image_days"]
    }
    assert told["sha256"] == hashlib.sha256((backup.path / "SHA256SUMS").read_bytes()).hexdigest()


def test_its_checksums_are_checked_by_sha256sum(host, app, context):
    add_images(app, 2)
    backup = create_backup(host).backup
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"],
        cwd=backup.path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert checked.stdout.count(": OK") == 3


def test_an_empty_host_has_a_backup_too(host, context):
    made = create_backup(host)
    assert made.manifest.counts["images"] == 0
    assert verify_backup(host, made.backup) == []


def test_the_next_backup_links_files_of_the_previous_one(host, app, context):
    add_images(app, 3)
    first = create_backup(host).backup
    (new,) = add_images(app, 1, first=3)
    second = create_backup(host)
    assert (second.manifest.copied, second.manifest.linked) == (1, 3)
    for path in hashes(first.path / "images"):
        assert (first.path / "images" / path).samefile(second.backup.path / "images" / path)
    # If an image and its backup shared the bytes, both would be lost together.
    assert all(file.stat().st_nlink == 1 for file in host.settings.images_dir.glob("[a-z0-9][a-z0-9]/*"))
    shutil.rmtree(first.path)
    assert verify_backup(host, second.backup) == []
    assert new in {path[3:] for path in hashes(second.backup.path / "images")}


def test_a_file_that_was_found_damaged_is_copied_again(host, app, context):
    (name, *_) = add_images(app, 3)
    first = create_backup(host).backup
    file = first.path / "images" / name[:2] / name
    file.write_bytes(bytes(file.stat().st_size))
    assert verify_backup(host, first) == [f"images/{name[:2]}/{name} is damaged: its checksum does not match"]
    second = create_backup(host)
    assert (second.manifest.copied, second.manifest.linked) == (1, 2)
    assert verify_backup(host, second.backup) == []


@pytest.mark.parametrize("harm", [lambda file: file.unlink(), lambda file: file.write_bytes(b"short")])
def test_a_file_that_the_previous_backup_lost_is_copied_again(host, app, context, harm):
    (name, *_) = add_images(app, 2)
    first = create_backup(host).backup
    harm(first.path / "images" / name[:2] / name)
    second = create_backup(host)
    assert (second.manifest.copied, second.manifest.linked) == (1, 1)
    assert verify_backup(host, second.backup) == []


def test_an_image_that_the_storage_lost_is_named(host, app, context, caplog):
    lost, kept = add_images(app, 2)
    host.storage.delete(lost)
    made = create_backup(host)
    assert made.manifest.missing == [lost]
    assert made.manifest.counts["images"] == 2
    assert verify_backup(host, made.backup) == [f"images/{lost[:2]}/{lost} had no bytes in the storage"]
    assert list(hashes(made.backup.path / "images")) == [f"{kept[:2]}/{kept}"]


def test_an_image_that_the_storage_spoiled_is_named_and_kept_as_it_is(host, app, context):
    spoiled, _ = add_images(app, 2)
    (host.settings.images_dir / spoiled[:2] / spoiled).write_bytes(b"rot")
    made = create_backup(host)
    assert made.manifest.damaged == [spoiled]
    assert (made.backup.path / "images" / spoiled[:2] / spoiled).read_bytes() == b"rot"
    assert verify_backup(host, made.backup) == [f"images/{spoiled[:2]}/{spoiled} was damaged in the storage"]


def test_an_image_that_is_deleted_meanwhile_is_in_the_backup(host, app, context, monkeypatch):
    """The row existed when the database was dumped."""
    gone, *_ = add_images(app, 3)
    dump_moment = create.dump_moment

    def dump_then_delete(*given):
        dumped = dump_moment(*given)
        images.delete_image_by_filename(host, ANYBODY, gone)
        assert not host.storage.exists(gone)
        return dumped

    monkeypatch.setattr(create, "dump_moment", dump_then_delete)
    made = create_backup(host)
    assert made.manifest.missing == []
    assert verify_backup(host, made.backup) == []
    assert f"{gone[:2]}/{gone}" in hashes(made.backup.path / "images")
    assert not list(host.settings.images_dir.glob(".deleted/*"))


def test_a_half_made_one_counts_for_nothing(host, app, context, monkeypatch):
    add_images(app, 2)
    monkeypatch.setattr(ImageCopier, "counts", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        create_backup(host)
    assert list_backups(host) == []
    assert not list(host.settings.backup_dir.iterdir())


def test_the_next_backup_removes_the_files_of_a_killed_one(host, app, context):
    left = host.settings.backup_dir / ".draft-backup_2026-01-01_030000"
    (left / "images").mkdir(parents=True)
    assert list_backups(host) == []
    create_backup(host)
    assert not left.exists()


def test_two_in_one_second_have_two_names(host, context):
    assert create_backup(host).backup.name != create_backup(host).backup.name


def test_two_at_once_are_refused(host, context, monkeypatch):
    monkeypatch.setattr(maintenance, "SECONDS_TO_WAIT_FOR_LOCK", 0.1)
    host.storage.initialise()
    with changing_backups(host), pytest.raises(Busy):
        create_backup(host)
    with host.storage.maintaining(), pytest.raises(Busy):
        create_backup(host)


@ON_SQLITE
def test_no_backup_is_made_without_the_storage(host, app, context):
    add_images(app, 1)
    (host.settings.images_dir / ".imagehost").unlink()
    with pytest.raises(Failure, match=r"has no marker file: .* is probably not mounted"):
        create_backup(host)
    assert list_backups(host) == []


@ON_SQLITE
def test_a_full_disk_is_reported_and_no_file_is_left(host, app, context, monkeypatch, tmp_path):
    add_images(app, 1)
    occupied = tmp_path / "file"
    occupied.touch()
    host = replace(host, settings=replace(host.settings, backup_dir=occupied))
    with pytest.raises(Failure, match="cannot be written or read"):
        create_backup(host)


@ON_POSTGRESQL
def test_no_pg_dump_is_a_clear_error(host, context, monkeypatch):
    monkeypatch.setattr(programs, "candidates", lambda _: [])
    wanted = r"pg_dump is not installed\. On Debian: apt-get install postgresql-client-\d+"
    with pytest.raises(Failure, match=wanted):
        create_backup(host)
    assert list_backups(host) == []


@ON_POSTGRESQL
def test_a_newer_server_is_a_clear_error(host, context, monkeypatch, tmp_path):
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n")
    old.chmod(0o755)
    monkeypatch.setattr(programs, "candidates", lambda _: [str(old)])
    with pytest.raises(
        Failure, match=r"pg_dump has version 9, but the server has version \d+\. .* postgresql-client-\d+"
    ):
        create_backup(host)


def test_the_programs_of_this_machine_are_found_with_their_versions():
    found = programs.candidates("pg_dump")
    assert found
    assert all(programs.major(path) > 9 for path in found)


@ON_POSTGRESQL
def test_the_error_of_pg_dump_is_reported(host, context, monkeypatch):
    monkeypatch.setattr(programs, "postgresql_environment", lambda _: {"PGOPTIONS": "-c bogus=1"})
    with pytest.raises(Failure, match="bogus"):
        create_backup(host)


def test_a_backup_of_only_the_database_is_one_file(host, app, context):
    add_images(app, 3)
    made = create_dump(host)
    assert made.backup.path.is_file()
    assert made.backup.name.endswith(".sql")
    assert [file.name for file in host.settings.backup_dir.iterdir()] == [made.backup.name]
    assert made.manifest.counts["images"] == 3
    assert verify_backup(host, made.backup) == []


PASSWORD = "p@ss w/rd:%41'\"\\"


@pytest.fixture
def guarded(postgres, make_app, database_url):
    """Return a host whose database is owned by a user with a password."""
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
    host = host_of(guarded)
    add_images(guarded, 2)
    before = everything(host)
    popen, commands = subprocess.Popen, []
    monkeypatch.setattr(
        subprocess, "Popen", lambda command, **given: commands.append(command) or popen(command, **given)
    )
    with guarded.app_context():
        made = create_backup(host)
        assert verify_backup(host, made.backup) == []
        restore_backup(host, made.backup, replace=True)
    assert everything(host) == before
    assert {Path(command[0]).name for command in commands} == {"pg_dump", "psql"}
    assert not [word for command in commands for word in command if "p@ss" in word or "p%40ss" in word]


@ON_SQLITE
def test_an_image_that_cannot_be_read_is_named_and_the_others_are_kept(host, app, context):
    bad, good = add_images(app, 2)
    path = host.settings.images_dir / bad[:2] / bad
    path.unlink()
    # A file that can be opened but not read.
    path.symlink_to("/proc/self/mem")
    made = create_backup(host)
    assert made.manifest.damaged == [bad]
    assert list(hashes(made.backup.path / "images")) == [f"{good[:2]}/{good}"]
    assert verify_backup(host, made.backup) == [f"images/{bad[:2]}/{bad} was damaged in the storage"]


@ON_SQLITE
def test_drafts_of_somebody_else_stay(host, context):
    host.settings.backup_dir.mkdir()
    for name in (".drafts", ".draft-of-my-will.odt"):
        (host.settings.backup_dir / name).mkdir()
    create_backup(host)
    assert {path.name for path in host.settings.backup_dir.glob(".draft*")} == {
        ".drafts",
        ".draft-of-my-will.odt",
    }


@ON_SQLITE
@pytest.mark.parametrize("name", ["backup_2026-13-45_999999", "backup_2026-01-01_030000.sql.gz"])
def test_a_folder_with_the_name_of_a_backup_is_not_listed(host, context, name):
    (host.settings.backup_dir / name).mkdir(parents=True)
    assert list_backups(host) == []


@ON_POSTGRESQL
def test_other_objects_in_the_database_are_not_in_the_dump(host, app, context):
    add_images(app, 1)
    with host.database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE PUBLICATION somewhere")
        connection.exec_driver_sql("CREATE TYPE mood AS ENUM ('good')")
    backup = create_backup(host).backup
    assert verify_backup(host, backup) == []
    restore_backup(host, backup, replace=True)


@ON_SQLITE
def test_other_users_cannot_read_a_dump_without_images(host, app, context):
    add_images(app, 1)
    backup = create_dump(host).backup
    assert backup.path.stat().st_mode & 0o777 == 0o600
