"""Check two databases before and after one is copied into the other."""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from imagehost.domain.failures import Failure
from imagehost.settings.reader import ROOT


def check_revisions(other: sa.Connection, here: sa.Connection) -> None:
    """Raise Failure if a database is not at the revision of this version."""
    wanted = ScriptDirectory(str(ROOT / "migrations")).get_current_head()
    if (found := revision(here)) != wanted:
        raise Failure(
            f"The database of this host is {at(found)}, but must be at revision {wanted}. "
            "Run: flask db upgrade"
        )
    if (found := revision(other)) != wanted:
        raise Failure(
            f"The database to copy from is {at(found)}, but must be at revision {wanted}. "
            "To upgrade it, set DATABASE_URL to its URL, and run: flask db upgrade"
        )


def revision(connection: sa.Connection) -> str | None:
    """Return the revision of the tables, or None if there are no tables."""
    return MigrationContext.configure(connection).get_current_revision()


def at(found: str | None) -> str:
    """Describe the revision of a database; None means that it has no tables."""
    return f"at revision {found}" if found else "without tables"


def check_empty(here: sa.Connection, tables: Iterable[sa.Table]) -> None:
    """Raise Failure if a database has rows."""
    for table in tables:
        if rows := count_rows(here, table):
            raise Failure(
                f"The database of this host is not empty: {rows} rows in {table.name}. Nothing was changed. "
                "Use a new database."
            )


def check_copied_counts(here: sa.Connection, tables: Iterable[sa.Table], expected: Mapping[str, int]) -> None:
    """Raise Failure if a copy is not complete."""
    found = {table.name: count_rows(here, table) for table in tables}
    if found != expected:
        raise Failure(
            f"{found} rows were copied, but the other database has {dict(expected)}. Nothing was changed."
        )


def count_rows(connection: sa.Connection, table: sa.Table) -> int:
    """Return the number of rows of a table."""
    return int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)
