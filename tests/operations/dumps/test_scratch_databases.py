"""If possible, a dump is restored by a role that owns the scratch database and nothing else."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from imagehost.db.database import Database
from imagehost.operations.backups.create import create_backup
from imagehost.operations.backups.verify import verify_backup
from imagehost.operations.dumps import scratch_databases
from imagehost.operations.dumps.databases import Dumper, own_dumper
from imagehost.operations.dumps.postgresql import PostgreSQLDumper
from tests.conftest import ON_POSTGRESQL
from tests.operations.backups.hosts import add_images

pytestmark = ON_POSTGRESQL

LEFT = sa.text(
    "SELECT rolname FROM pg_roles WHERE rolname LIKE 'imagehost_scratch%' "
    "UNION ALL SELECT datname FROM pg_database WHERE datname LIKE 'imagehost_scratch%'"
)
RIGHTS = sa.text(
    "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls FROM pg_roles "
    "WHERE rolname = current_user"
)


@pytest.fixture
def backup(host, app):
    with app.app_context():
        add_images(app, 2)
        yield create_backup(host).backup


def left(host) -> list[str]:
    with host.database.engine.connect() as connection:
        return list(connection.execute(LEFT).scalars())


@pytest.fixture
def user(host, postgres, app):
    """Return a function that makes a user with some rights, and the host's database as this user sees it."""
    made = []

    def make(rights: str, name: str = "maker") -> PostgreSQLDumper:
        postgres.execute(f"CREATE ROLE {name} LOGIN {rights}")
        made.append(name)
        url = host.database.engine.url.set(username=name)
        return PostgreSQLDumper(
            replace(host, database=Database(sa.create_engine(url, poolclass=sa.NullPool)))
        )

    yield make
    for name in made:
        postgres.execute(f"DROP ROLE {name}")


def owner_and_rights(database: Dumper, backup) -> tuple[str, tuple[bool, ...]]:
    with database.scratch(backup.dump) as restored:
        assert restored.counts()["images"] == 2
        owner = str(restored.connection.exec_driver_sql("SELECT current_user").scalar_one())
        return owner, tuple(restored.connection.execute(RIGHTS).one())


def test_its_owner_has_no_rights_elsewhere(host, backup):
    owner, rights = owner_and_rights(own_dumper(host), backup)
    assert owner.startswith("imagehost_scratch_")
    assert not any(rights)
    assert left(host) == []


@pytest.mark.parametrize("inheriting", ["INHERIT", "NOINHERIT"])
def test_a_user_with_createrole_and_createdb_needs_no_superuser(host, backup, user, inheriting):
    owner, rights = owner_and_rights(user(f"CREATEDB CREATEROLE {inheriting}"), backup)
    assert owner.startswith("imagehost_scratch_")
    assert not any(rights)
    assert left(host) == []


def test_a_user_without_createrole_restores_with_its_own_rights_and_this_is_logged(
    host, backup, user, caplog
):
    owner, _ = owner_and_rights(user("CREATEDB"), backup)
    assert owner == "maker"
    assert "dump is restored with all rights of the host's database user" in caplog.text
    assert left(host) == []


def test_if_the_server_refuses_the_owner_the_dump_is_restored_without_it(host, backup, caplog, monkeypatch):
    """For example, pg_hba.conf lists the users, or asks the operating system for their names."""
    monkeypatch.setattr(scratch_databases, "HUMBLE", "CONNECTION LIMIT 0")
    owner, _ = owner_and_rights(own_dumper(host), backup)
    assert owner == "postgres"
    assert "dump is restored with all rights of the host's database user" in caplog.text
    assert left(host) == []


def test_a_refused_dump_leaves_neither_database_nor_owner(host, backup):
    backup.dump.write_text("\\! id\n")
    assert verify_backup(host, backup)
    with pytest.raises(Exception, match="is refused"), own_dumper(host).scratch(backup.dump):
        pass
    assert left(host) == []


def test_owners_that_a_killed_check_left_go_with_a_later_one(host, backup, postgres):
    name = "imagehost_scratch_1000000000_0badcafe"
    postgres.execute(f"CREATE ROLE {name}")
    postgres.execute(f"CREATE DATABASE {name} OWNER {name}")
    postgres.execute("CREATE ROLE imagehost_scratch_1000000001_0badcafe")
    assert len(left(host)) == 3
    verify_backup(host, backup)
    assert left(host) == []


def test_things_that_are_only_called_alike_stay(host, backup, postgres):
    postgres.execute("CREATE ROLE imagehost_scratch_of_mine")
    try:
        assert verify_backup(host, backup) == []
        assert left(host) == ["imagehost_scratch_of_mine"]
    finally:
        postgres.execute("DROP ROLE imagehost_scratch_of_mine")
