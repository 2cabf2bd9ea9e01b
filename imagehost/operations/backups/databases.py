"""What a backup asks of a database, whichever it is."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from imagehost.domain.failures import Failure
from imagehost.extensions import db
from imagehost.operations.backups import postgresql, sqlite
from imagehost.operations.backups.snapshots import Snapshot, State


class Database(Protocol):
    """Dumps a database to SQL, and reads it in again.

    Every method raises Failure, with the reason; Broken where the dump is to blame.
    """

    kind: str

    def version(self, snapshot: Snapshot) -> str:
        """Tell the version of the server, or of the library."""

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """See one moment of the database while the block runs."""

    def dump(self, snapshot: Snapshot, path: Path) -> None:
        """Write that moment as SQL."""

    def scratch(self, dump: Path) -> AbstractContextManager[Snapshot]:
        """Restore a dump into a new database, which is gone at the end."""

    def replace(self, dump: Path, expected: State | None, counts: dict[str, int]) -> None:
        """Put a dump in the place of all tables, or change nothing.

        Nothing is changed where the database is no longer as ``expected``, or the rows are not ``counts``.
        """


def live() -> Database:
    """Give the database that this host has."""
    return DATABASES[db.engine.dialect.name](db.engine)


def of_kind(kind: str) -> Database:
    """Give the database that a backup of a kind can be checked with. Raises Failure."""
    here = live()
    if here.kind == kind:
        return here
    if kind == sqlite.SQLite.kind:
        # A file of its own is all that it needs.
        return sqlite.SQLite(db.engine)
    raise Failure(
        "The backup is one of PostgreSQL, and this host has no such server. Set DATABASE_URL to one."
    )


def state() -> State | None:
    """Tell how many images this host knows; None where its database has no tables."""
    with live().snapshot() as snapshot:
        return snapshot.state()


def without_row(filenames: list[str]) -> set[str]:
    """Find those of some names that no image has. Waits for whoever is just replacing the tables."""
    with live().snapshot() as snapshot:
        if snapshot.state() is None:
            return set(filenames)
        return set(filenames).difference(row.filename for row in snapshot.images())


DATABASES: dict[str, Callable[[sa.Engine], Database]] = {
    "sqlite": sqlite.SQLite,
    "postgresql": postgresql.PostgreSQL,
}
