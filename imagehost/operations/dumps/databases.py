"""The dumpers of both kinds of databases, behind one protocol for backups."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from imagehost.domain.failures import Failure
from imagehost.host import Host
from imagehost.operations.dumps.postgresql import PostgreSQLDumper
from imagehost.operations.dumps.snapshots import DatabaseState, Snapshot
from imagehost.operations.dumps.sqlite import SQLiteDumper


class Dumper(Protocol):
    """Dumps the database of a host to SQL, and restores dumps.

    Every method raises Failure with the reason; Broken if the dump is the reason.
    """

    kind: str

    def version(self, snapshot: Snapshot) -> str:
        """Return the version of the server, or of the library."""

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """Open a snapshot, which sees one state of the database until the block ends."""

    def dump(self, snapshot: Snapshot, path: Path) -> None:
        """Write the state that a snapshot sees to a file, as SQL."""

    def scratch(self, dump: Path) -> AbstractContextManager[Snapshot]:
        """Restore a dump into a new database, which is removed when the block ends."""

    def replace(self, dump: Path, expected: DatabaseState | None, counts: dict[str, int]) -> None:
        """Replace all tables with those of a dump, or change nothing.

        Raises Undone if the database is no longer in the ``expected`` state, or if the tables of the dump do
        not have as many rows as ``counts`` says.
        """


DUMPERS: dict[str, Callable[[Host], Dumper]] = {
    SQLiteDumper.kind: SQLiteDumper,
    PostgreSQLDumper.kind: PostgreSQLDumper,
}


def own_dumper(host: Host) -> Dumper:
    """Return the dumper for the database of a host."""
    return DUMPERS[host.database.engine.dialect.name](host)


def dumper_for(host: Host, kind: str) -> Dumper:
    """Return a dumper that can restore dumps of a kind of database into scratch databases. Raises Failure."""
    own = own_dumper(host)
    if own.kind == kind:
        return own
    if kind == SQLiteDumper.kind:
        # SQLite needs no server.
        return SQLiteDumper(host)
    raise Failure(
        "The backup is of a PostgreSQL database, but this host uses SQLite. "
        "To verify the backup, set DATABASE_URL to a PostgreSQL database."
    )


def database_state(host: Host) -> DatabaseState | None:
    """Return the state of the database of a host; None if it has no tables."""
    with own_dumper(host).snapshot() as snapshot:
        return snapshot.state()


def filenames_without_row(host: Host, filenames: list[str]) -> set[str]:
    """Return those filenames that no image has. Waits while the tables are being replaced."""
    with own_dumper(host).snapshot() as snapshot:
        if snapshot.state() is None:
            return set(filenames)
        return set(filenames).difference(row.filename for row in snapshot.images())
