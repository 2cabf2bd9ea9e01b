"""A check names every file that is not as it was, and restores the dump for real."""

import os

import pytest
import sqlalchemy as sa

from imagehost.domain.failures import Broken, Failure
from imagehost.extensions import db
from imagehost.operations.backups import catalogue, checks, databases, making, manifest, verifying
from tests.operations.backups.hostile import reseal
from tests.operations.backups.hosts import add_images
from tests.operations.backups.test_making import ON_POSTGRESQL


@pytest.fixture
def backup(app):
    with app.app_context():
        add_images(app, 4)
        yield making.create().backup


def an_image(backup):
    return sorted(backup.images.glob("*/*"))[1]


def flip(file, place=-10):
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)


def test_a_flipped_byte_is_named(backup):
    file = an_image(backup)
    flip(file)
    assert verifying.verify(backup) == [
        f"{file.relative_to(backup.path)} is damaged: its checksum is another"
    ]


def test_a_missing_file_is_named(backup):
    file = an_image(backup)
    file.unlink()
    assert verifying.verify(backup) == [f"{file.relative_to(backup.path)} is missing"]


def test_a_file_that_does_not_belong_is_named(backup):
    (backup.images / "stray").touch()
    assert verifying.verify(backup) == ["images/stray does not belong to it"]


def test_all_damage_is_named_at_once(backup):
    first, *_, last = sorted(backup.images.glob("*/*"))
    first.unlink()
    flip(last)
    assert len(verifying.verify(backup)) == 2


@pytest.mark.parametrize("part", [0.0, 0.5, 0.98])
def test_a_cut_dump_is_named(backup, part):
    os.truncate(backup.dump, int(backup.dump.stat().st_size * part))
    assert verifying.verify(backup) == ["database.sql is damaged: its checksum is another"]


@pytest.mark.parametrize("part", [0.0, 0.3, 0.6, 0.9, 0.98])
def test_a_cut_dump_is_noticed_even_without_its_checksum(backup, part):
    os.truncate(backup.dump, int(backup.dump.stat().st_size * part))
    with (
        pytest.raises(Broken, match=r"database\.sql cannot be restored"),
        databases.live().scratch(backup.dump),
    ):
        pass


def test_a_dump_with_fewer_rows_than_the_manifest_says_is_noticed(backup):
    counts = manifest.read(backup).counts
    reseal(backup, counts={**counts, "images": 5})
    (problem,) = verifying.verify(backup)
    assert problem.startswith("database.sql restores to")


def test_a_dump_that_names_an_image_that_the_backup_lacks_is_noticed(backup):
    gone = an_image(backup)
    gone.unlink()
    reseal(backup)
    (problem,) = verifying.verify(backup)
    assert problem.startswith("database.sql and SHA256SUMS differ")
    assert gone.name in problem


@pytest.mark.parametrize("name", ["manifest.json", "SHA256SUMS"])
@pytest.mark.parametrize("harm", [lambda file: file.unlink(), flip])
def test_a_damaged_manifest_is_named(backup, name, harm):
    file = backup.path / name
    if harm is flip and name == "manifest.json":
        flip(file, 0)
    else:
        harm(file)
    (problem,) = verifying.verify(backup)
    assert name in problem


def test_a_newer_kind_of_backup_is_refused(backup):
    reseal(backup, format=99)
    (problem,) = verifying.verify(backup)
    assert "newer imagehost" in problem


def test_what_a_check_found_is_remembered(backup):
    assert checks.last(backup) is None
    verifying.verify(backup)
    assert checks.last(backup).problems == []
    file = an_image(backup)
    flip(file)
    verifying.verify(backup)
    assert checks.last(backup).damaged == [str(file.relative_to(backup.path))]


def test_a_check_leaves_nothing_behind(backup):
    before = databases_of(db.engine)
    verifying.verify(backup)
    assert databases_of(db.engine) == before
    assert {path.name for path in backup.path.parent.iterdir()} == {backup.name, ".checks"}


def databases_of(engine):
    if engine.dialect.name == "sqlite":
        return []
    with engine.connect() as connection:
        return connection.execute(sa.text("SELECT datname FROM pg_database ORDER BY 1")).scalars().all()


def test_a_damaged_lone_dump_is_named(app):
    with app.app_context():
        add_images(app, 2)
        backup = making.create_of_database().backup
        assert verifying.verify(backup) == []
        flip(backup.path, 40)
        assert verifying.verify(backup) == [f"{backup.name} is damaged: its checksum is another"]
        os.truncate(backup.path, backup.path.stat().st_size // 2)
        (problem,) = verifying.verify(backup)
        assert "its last line cannot be read" in problem


@ON_POSTGRESQL
def test_a_user_who_may_not_make_databases_is_told_how(backup):
    with db.engine.begin() as connection:
        connection.exec_driver_sql("DROP ROLE IF EXISTS humble")
        connection.exec_driver_sql("CREATE ROLE humble LOGIN")
    engine = sa.create_engine(db.engine.url.set(username="humble"), poolclass=sa.NullPool)
    humble = databases.postgresql.PostgreSQL(engine)
    with pytest.raises(Failure, match="ALTER ROLE humble CREATEDB"), humble.scratch(backup.dump):
        pass


@ON_POSTGRESQL
def test_what_a_killed_check_left_goes_with_a_later_one(backup):
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CREATE DATABASE imagehost_scratch_1000000000_0badcafe")
    verifying.verify(backup)
    assert not [name for name in databases_of(db.engine) if name.startswith("imagehost_scratch_")]


@pytest.mark.parametrize("name", ["backup_2026-01-01_030000", "../x", "", "backup_x", "images"])
def test_a_name_of_no_backup_is_refused(app, name):
    with app.app_context(), pytest.raises(Failure, match="There is no backup"):
        catalogue.find(name)


@ON_POSTGRESQL
def test_what_is_not_the_backups_fault_is_not_called_damage(backup, monkeypatch):
    monkeypatch.setattr(databases.postgresql.programs, "candidates", lambda _: [])
    with pytest.raises(Failure, match="psql is not installed"):
        verifying.verify(backup)
    assert checks.last(backup) is None
