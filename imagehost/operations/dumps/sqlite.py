"""Dump our SQLite tables, make a database file of a dump, and replace our tables with those of the file."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import sqlalchemy as sa

from imagehost.db.engines import IMMEDIATE
from imagehost.domain.failures import Broken, Failure, Undone
from imagehost.host import Host
from imagehost.logs.setup import one_line
from imagehost.operations.dumps import sqlite_scripts
from imagehost.operations.dumps.snapshots import OWN_TABLES, DatabaseState, Snapshot

MADE = (
    "SELECT type, sql FROM restored.sqlite_master "
    "WHERE type IN ('table', 'index') AND sql IS NOT NULL AND tbl_name = ?"
)
RESTORE_SEQUENCE = (
    "DELETE FROM main.sqlite_sequence WHERE name = ?",
    "INSERT INTO main.sqlite_sequence SELECT * FROM restored.sqlite_sequence WHERE name = ?",
)
"""The statements that restore the last generated id of a table, so that no id is used twice."""
SCRATCH = ".scratch-"
"""The prefix of the names of temporary folders that a verification or a restore needs."""
OUR_DISK = {"SQLITE_FULL", "SQLITE_CANTOPEN"}
"""The errors that are caused by the disk and not by the dump, together with all kinds of SQLITE_IOERR."""


class SQLiteDumper:
    """Dumps the database file of a host, and makes database files of dumps."""

    kind = "sqlite"

    def __init__(self, host: Host) -> None:
        self.engine = host.database.engine
        self.folder = host.settings.backup_dir

    def version(self, _: Snapshot) -> str:
        """Return the library's version."""
        return sqlite3.sqlite_version

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Begin a transaction that sees the state of the database at its first statement."""
        with self.engine.connect() as connection:
            yield Snapshot(connection)

    def dump(self, snapshot: Snapshot, path: Path) -> None:
        """Write the statements that create the tables again, in a transaction."""
        driver = cast("sqlite3.Connection", snapshot.connection.connection.driver_connection)
        with path.open("w", encoding="utf-8") as file:
            file.writelines(
                f"{statement}\n" for statement in sqlite_scripts.dump_statements(driver, snapshot.tables())
            )

    @contextmanager
    def scratch(self, dump: Path) -> Iterator[Snapshot]:
        """Make a temporary database file of the dump."""
        with restored(dump, self.folder) as path:
            engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)), poolclass=sa.NullPool)
            with engine.connect() as connection:
                yield Snapshot(connection)

    def replace(self, dump: Path, expected: DatabaseState | None, counts: dict[str, int]) -> None:
        """Make a temporary database file of the dump, and copy its tables in one transaction."""
        with restored(dump, self.folder) as path, self.engine.connect() as connection:
            # SQLite cannot attach a file within a transaction.
            driver = cast("sqlite3.Connection", connection.connection.driver_connection)
            driver.execute("ATTACH ? AS restored", (str(path),))
            try:
                with connection.execution_options(**IMMEDIATE).begin():
                    check_unchanged(Snapshot(connection).state(), expected)
                    replace_tables(connection)
                    check_row_counts(Snapshot(connection).counts(), counts)
            finally:
                driver.execute("DETACH restored")


@contextmanager
def restored(dump: Path, folder: Path) -> Iterator[Path]:
    """Make a temporary database file of a dump below a folder. Raises Broken or Failure."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        scratch = tempfile.TemporaryDirectory(prefix=SCRATCH, dir=folder)
    except OSError as error:
        raise Failure(f"{folder} cannot be written to: {error.strerror}.") from error
    with scratch:
        path = Path(scratch.name) / "restored.db"
        load_dump(dump, path)
        yield path


def load_dump(dump: Path, path: Path) -> None:
    """Make a database file from a dump, without reading all of it into memory. Raises Broken or Failure."""
    connection = sqlite3.connect(path, isolation_level=None)
    # The file need not survive a power failure: it is temporary.
    connection.execute("PRAGMA synchronous=OFF")
    try:
        sqlite_scripts.execute_script(dump, connection)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        name = getattr(error, "sqlite_errorname", "")
        if name in OUR_DISK or name.startswith("SQLITE_IOERR"):
            raise Failure(f"{dump.name} cannot be checked: {error} ({path.parent.parent}).") from error
        raise Broken(f"{dump.name} cannot be restored: {one_line(str(error))}.") from error
    finally:
        connection.close()


def replace_tables(connection: sa.Connection) -> None:
    """Replace our tables with those of the attached database, indexes last."""
    for name in Snapshot(connection).tables():
        connection.exec_driver_sql(f'DROP TABLE main."{name}"')
    for name in sorted(OWN_TABLES):
        made = connection.exec_driver_sql(MADE, (name,)).all()
        # The table must exist before its indexes.
        for kind, sql in sorted(made, key=lambda one: one.type != "table"):
            connection.exec_driver_sql(sql)
            if kind == "table":
                connection.exec_driver_sql(f'INSERT INTO main."{name}" SELECT * FROM restored."{name}"')  # noqa: S608  # a constant name
    # sqlite_sequence exists only after a table with AUTOINCREMENT was created.
    for name in sorted(OWN_TABLES):
        for statement in RESTORE_SEQUENCE:
            connection.exec_driver_sql(statement, (name,))


def check_unchanged(found: DatabaseState | None, expected: DatabaseState | None) -> None:
    """Raise Undone if images were added or deleted since the backup."""
    if found != expected:
        raise Undone(
            "Images were uploaded or deleted during the restore. Nothing was changed. "
            "Stop the host and try again."
        )


def check_row_counts(found: dict[str, int], expected: dict[str, int]) -> None:
    """Raise Undone if the numbers of rows are not those of the manifest."""
    if found != expected:
        raise Undone(f"{found} rows were restored, but the manifest lists {expected}. Nothing was changed.")
