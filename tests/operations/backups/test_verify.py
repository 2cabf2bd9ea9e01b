"""Verifying a backup reports every changed file, and really restores the dump."""

import errno
import os
from dataclasses import replace

import pytest
import sqlalchemy as sa

from imagehost.db.database import Database
from imagehost.domain.failures import Broken, Failure
from imagehost.files import hashing
from imagehost.operations.backups.catalogue import changing_backups, find_backup
from imagehost.operations.backups.create import create_backup, create_dump, make_backup
from imagehost.operations.backups.manifest import read_manifest
from imagehost.operations.backups.verifications import last_verification
from imagehost.operations.backups.verify import verify_backup
from imagehost.operations.dumps import programs
from imagehost.operations.dumps.databases import own_dumper
from imagehost.operations.dumps.postgresql import PostgreSQLDumper
from imagehost.operations.progress import silent
from tests.conftest import ON_BOTH_DATABASES, ON_POSTGRESQL
from tests.operations.backups.hostile import reseal
from tests.operations.backups.hosts import add_images

pytestmark = ON_BOTH_DATABASES


@pytest.fixture
def backup(host, app):
    with app.app_context():
        add_images(app, 4)
        yield create_backup(host).backup


def an_image(backup):
    return sorted((backup.path / "images").glob("*/*"))[1]


def flip(file, place=-10):
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)


def test_a_flipped_byte_is_named(host, backup):
    file = an_image(backup)
    flip(file)
    assert verify_backup(host, backup) == [
        f"{file.relative_to(backup.path)} is damaged: its checksum does not match"
    ]


def test_a_missing_file_is_named(host, backup):
    file = an_image(backup)
    file.unlink()
    assert verify_backup(host, backup) == [f"{file.relative_to(backup.path)} is missing"]


def test_a_file_that_does_not_belong_is_named(host, backup):
    (backup.path / "images" / "stray").touch()
    assert verify_backup(host, backup) == ["images/stray does not belong to the backup"]


def test_all_damage_is_named_at_once(host, backup):
    first, *_, last = sorted((backup.path / "images").glob("*/*"))
    first.unlink()
    flip(last)
    assert len(verify_backup(host, backup)) == 2


@pytest.mark.parametrize("part", [0.0, 0.5, 0.98])
def test_a_cut_dump_is_named(host, backup, part):
    os.truncate(backup.dump, int(backup.dump.stat().st_size * part))
    assert verify_backup(host, backup) == ["database.sql is damaged: its checksum does not match"]


@pytest.mark.parametrize("part", [0.0, 0.3, 0.6, 0.9, 0.98])
def test_a_cut_dump_is_noticed_even_without_its_checksum(host, backup, part):
    os.truncate(backup.dump, int(backup.dump.stat().st_size * part))
    with (
        pytest.raises(Broken, match=r"database\.sql cannot be restored"),
        own_dumper(host).scratch(backup.dump),
    ):
        pass


def test_a_dump_with_fewer_rows_than_the_manifest_says_is_noticed(host, backup):
    counts = read_manifest(backup).counts
    reseal(backup, counts={**counts, "images": 5})
    (problem,) = verify_backup(host, backup)
    assert problem.startswith("database.sql contains {")


def test_a_dump_that_names_an_image_that_the_backup_lacks_is_noticed(host, backup):
    gone = an_image(backup)
    gone.unlink()
    reseal(backup)
    (problem,) = verify_backup(host, backup)
    assert problem.startswith("database.sql and SHA256SUMS differ")
    assert gone.name in problem


@pytest.mark.parametrize("name", ["manifest.json", "SHA256SUMS"])
@pytest.mark.parametrize("harm", [lambda file: file.unlink(), flip])
def test_a_damaged_manifest_is_named(host, backup, name, harm):
    file = backup.path / name
    if harm is flip and name == "manifest.json":
        flip(file, 0)
    else:
        harm(file)
    (problem,) = verify_backup(host, backup)
    assert name in problem


def test_a_newer_kind_of_backup_is_refused(host, backup):
    reseal(backup, format=99)
    (problem,) = verify_backup(host, backup)
    assert "newer version of imagehost" in problem


def test_the_result_of_a_verification_is_saved(host, backup):
    assert last_verification(host, backup) is None
    verify_backup(host, backup)
    assert last_verification(host, backup).problems == []
    file = an_image(backup)
    flip(file)
    verify_backup(host, backup)
    assert last_verification(host, backup).damaged == [str(file.relative_to(backup.path))]


@pytest.fixture
def unreadable(backup, monkeypatch):
    """Return a function that makes reading a file of the backup fail, as a disk with a bad sector does."""

    def spoil(file):
        hash_file = hashing.sha256

        def read(source, *length):
            if os.path.samestat(os.fstat(source.fileno()), file.stat()):
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return hash_file(source, *length)

        monkeypatch.setattr(hashing, "sha256", read)

    return spoil


def test_an_unreadable_image_is_reported_and_not_remembered_as_damaged(host, backup, unreadable):
    file = an_image(backup)
    unreadable(file)
    problem = f"{file.relative_to(backup.path)} cannot be read: Input/output error"
    assert verify_backup(host, backup) == [problem]
    verification = last_verification(host, backup)
    assert (verification.problems, verification.damaged) == ([problem], [])


def test_an_unreadable_dump_is_reported_once(host, backup, unreadable):
    unreadable(backup.dump)
    assert verify_backup(host, backup) == [f"{backup.dump.name} cannot be read: Input/output error"]


def test_an_unreadable_image_of_the_earlier_backup_is_copied_from_the_storage(host, backup, unreadable):
    file = an_image(backup)
    unreadable(file)
    with changing_backups(host), host.storage.maintaining():
        later = make_backup(host, silent, trusted=False)
    assert (later.manifest.copied, later.manifest.linked) == (1, 3)
    copy = later.backup.path / file.relative_to(backup.path)
    assert not copy.samefile(file)
    assert copy.read_bytes() == file.read_bytes()


def test_a_check_leaves_nothing_behind(host, backup):
    before = databases_of(host.database.engine)
    verify_backup(host, backup)
    assert databases_of(host.database.engine) == before
    assert {path.name for path in backup.path.parent.iterdir()} == {backup.name, ".checks"}


def databases_of(engine):
    if engine.dialect.name == "sqlite":
        return []
    with engine.connect() as connection:
        return connection.execute(sa.text("SELECT datname FROM pg_database ORDER BY 1")).scalars().all()


def test_a_damaged_lone_dump_is_named(host, app):
    with app.app_context():
        add_images(app, 2)
        backup = create_dump(host).backup
        assert verify_backup(host, backup) == []
        flip(backup.path, 40)
        assert verify_backup(host, backup) == [f"{backup.name} is damaged: its checksum does not match"]
        os.truncate(backup.path, backup.path.stat().st_size // 2)
        (problem,) = verify_backup(host, backup)
        assert "its last line cannot be read" in problem


@ON_POSTGRESQL
def test_without_the_right_to_create_databases_the_error_names_the_statement(host, backup):
    with host.database.engine.begin() as connection:
        connection.exec_driver_sql("DROP ROLE IF EXISTS humble")
        connection.exec_driver_sql("CREATE ROLE humble LOGIN")
    engine = sa.create_engine(host.database.engine.url.set(username="humble"), poolclass=sa.NullPool)
    humble = PostgreSQLDumper(replace(host, database=Database(engine)))
    with pytest.raises(Failure, match="ALTER ROLE humble CREATEDB"), humble.scratch(backup.dump):
        pass


@ON_POSTGRESQL
def test_a_later_verification_removes_the_database_of_a_killed_one(host, backup):
    with host.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CREATE DATABASE imagehost_scratch_1000000000_0badcafe")
    verify_backup(host, backup)
    assert not [name for name in databases_of(host.database.engine) if name.startswith("imagehost_scratch_")]


@pytest.mark.parametrize("name", ["backup_2026-01-01_030000", "../x", "", "backup_x", "images"])
def test_a_name_of_no_backup_is_refused(host, app, name):
    with app.app_context(), pytest.raises(Failure, match="There is no backup"):
        find_backup(host, name)


@ON_POSTGRESQL
def test_errors_outside_of_the_backup_are_not_reported_as_damage(host, backup, monkeypatch):
    monkeypatch.setattr(programs, "candidates", lambda _: [])
    with pytest.raises(Failure, match="psql is not installed"):
        verify_backup(host, backup)
    assert last_verification(host, backup) is None
