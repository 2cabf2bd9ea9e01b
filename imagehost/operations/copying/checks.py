"""What has to hold before one database is copied into another, and after."""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from imagehost.domain.failures import Failure
from imagehost.settings.reader import ROOT


def check_revisions(other: sa.Connection, here: sa.Connection) -> None:
    """Refuse tables that are not what this version has. Raises Failure."""
    wanted = ScriptDirectory(str(ROOT / "migrations")).get_current_head()
    if (found := revision(here)) != wanted:
        raise Failure(
            f"The database of this host is {at(found)}, but has to be at {wanted}. Run: flask db upgrade"
        )
    if (found := revision(other)) != wanted:
        raise Failure(
            f"The database to copy from is {at(found)}, but has to be at {wanted}. "
            "Bring it there with its own settings, or with DATABASE_URL set to it: flask db upgrade"
        )


def revision(connection: sa.Connection) -> str | None:
    """Tell the revision of the tables; None where there are none."""
    return MigrationContext.configure(connection).get_current_revision()


def at(found: str | None) -> str:
    """Say where a database is."""
    return f"at revision {found}" if found else "without tables"


def check_empty(here: sa.Connection, tables: Iterable[sa.Table]) -> None:
    """Refuse a database that has rows. Raises Failure."""
    for table in tables:
        if rows := count(here, table):
            raise Failure(
                f"The database of this host is not empty: {rows} rows in {table.name}. Nothing was changed; "
                "copy into a new one."
            )


def check_counts(here: sa.Connection, tables: Iterable[sa.Table], expected: Mapping[str, int]) -> None:
    """Refuse a copy that is not whole. Raises Failure."""
    found = {table.name: count(here, table) for table in tables}
    if found != expected:
        raise Failure(f"Copied were {found} rows, but there are {dict(expected)}. Nothing was changed.")


def count(connection: sa.Connection, table: sa.Table) -> int:
    """Count the rows of a table."""
    return int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)
