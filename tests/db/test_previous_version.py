"""While a new version starts, the previous one still works: its statements run on the migrated tables."""

import pytest
import sqlalchemy as sa

from imagehost.domain.errors import ImageHostError
from tests.conftest import ON_BOTH_DATABASES
from tests.db import recording

pytestmark = ON_BOTH_DATABASES

RECORD = "The statements of this version are not recorded. Run .venv/bin/python -m tests.db.recording"
EXPAND_FIRST = (
    "The statements of this version fail after the migration. See CONTRIBUTING.md, section Migrations."
)
RECORDED = sorted(path.stem for path in recording.FOLDER.glob("*.json"))
BREAKING = {
    "a renamed column": "ALTER TABLE images RENAME COLUMN sha256 TO digest",
    "a dropped column": "ALTER TABLE images DROP COLUMN original_name",
    # SQLite does not add a column that is declared NOT NULL and has no default.
    "a required column": "ALTER TABLE images ADD COLUMN new_column TEXT CHECK (new_column IS NOT NULL)",
    "a renamed table": "ALTER TABLE image_days RENAME TO days",
}


@pytest.fixture
def connection(host, app):
    """A connection in a transaction that is rolled back, since all tests share one PostgreSQL database."""
    with host.database.engine.connect() as connection:
        yield connection
        connection.rollback()


def failures(connection: sa.Connection, revision: str) -> list[str]:
    """Run all statements of a version, each in its own savepoint. Return the errors with the statements."""
    statements = recording.read(revision).get(connection.dialect.name)
    assert statements, RECORD
    found = []
    for text, parameters in statements.items():
        # SQLAlchemy takes a list for the parameters of several rows.
        values = tuple(parameters) if isinstance(parameters, list) else parameters
        savepoint = connection.begin_nested()
        try:
            connection.exec_driver_sql(text, values).close()
        except (ImageHostError, sa.exc.DBAPIError) as error:
            reason = str(error.__cause__).partition("\n")[0]
            found.append(f"{reason}: {text}")
        savepoint.rollback()
    return found


def test_the_statements_of_this_version_are_recorded(app, tmp_path):
    recorded = recording.read(recording.head()).get(recording.database_of(app), {})
    assert recording.record(app, tmp_path / "export").keys() == recorded.keys(), RECORD


@pytest.mark.parametrize("revision", RECORDED)
def test_a_version_runs_on_the_tables_of_the_next_one(connection, revision):
    assert failures(connection, revision) == [], EXPAND_FIRST


@pytest.mark.parametrize("change", BREAKING.values(), ids=BREAKING)
def test_a_change_that_breaks_a_version_is_found(connection, change):
    connection.exec_driver_sql(change)
    assert failures(connection, recording.head())


def test_a_new_column_with_a_default_breaks_nothing(connection):
    connection.exec_driver_sql("ALTER TABLE images ADD COLUMN new_column TEXT DEFAULT 'red' NOT NULL")
    assert failures(connection, recording.head()) == []
