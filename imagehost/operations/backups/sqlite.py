"""SQLite: dump our tables, make a file of a dump, and replace our tables by the tables of that file."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import sqlalchemy as sa

from imagehost.db.engines import IMMEDIATE
from imagehost.domain.failures import Broken, Failure, Undone
from imagehost.extensions import settings
from imagehost.logs.setup import one_line
from imagehost.operations.backups import sqlite_dumps
from imagehost.operations.backups.catalogue import SCRATCH, folder_errors
from imagehost.operations.backups.snapshots import OURS, Snapshot, State

MADE = (
    "SELECT type, sql FROM restored.sqlite_master "
    "WHERE type IN ('table', 'index') AND sql IS NOT NULL AND tbl_name = ?"
)
SEQUENCE = (
    "DELETE FROM main.sqlite_sequence WHERE name = ?",
    "INSERT INTO main.sqlite_sequence SELECT * FROM restored.sqlite_sequence WHERE name = ?",
)
"""Which ids were given, so that none is given twice."""
OUR_DISK = {"SQLITE_FULL", "SQLITE_CANTOPEN"}
"""What no dump is to blame for, with all the kinds of SQLITE_IOERR."""


class SQLite:
    """The database file of an engine."""

    kind = "sqlite"

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    def version(self, _: Snapshot) -> str:
        """Tell the library's version."""
        return sqlite3.sqlite_version

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Begin a transaction that sees what is there at its first statement."""
        with self.engine.connect() as connection:
            yield Snapshot(connection)

    def dump(self, snapshot: Snapshot, path: Path) -> None:
        """Write the statements that make the database anew, in a transaction."""
        driver = cast("sqlite3.Connection", snapshot.connection.connection.driver_connection)
        with path.open("w", encoding="utf-8") as file:
            file.writelines(f"{statement}\n" for statement in sqlite_dumps.written(driver, snapshot.tables()))

    @contextmanager
    def scratch(self, dump: Path) -> Iterator[Snapshot]:
        """Make a file of the dump."""
        with restored(dump) as path:
            engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)), poolclass=sa.NullPool)
            with engine.connect() as connection:
                yield Snapshot(connection)

    def replace(self, dump: Path, expected: State | None, counts: dict[str, int]) -> None:
        """Make a file of the dump, and take its tables over in one transaction."""
        with restored(dump) as path, self.engine.connect() as connection:
            # Attached before the transaction begins: within one it cannot be.
            driver = cast("sqlite3.Connection", connection.connection.driver_connection)
            driver.execute("ATTACH ? AS restored", (str(path),))
            try:
                with connection.execution_options(**IMMEDIATE).begin():
                    check_unchanged(Snapshot(connection).state(), expected)
                    take_over(connection)
                    check_counts(Snapshot(connection).counts(), counts)
            finally:
                driver.execute("DETACH restored")


@contextmanager
def restored(dump: Path) -> Iterator[Path]:
    """Make a file of a dump, for a while. Raises Broken, Failure."""
    with folder_errors():
        settings.backup_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = tempfile.TemporaryDirectory(prefix=SCRATCH, dir=settings.backup_dir)
    with folder:
        path = Path(folder.name) / "restored.db"
        load(dump, path)
        yield path


def load(dump: Path, path: Path) -> None:
    """Make a database of a dump, without holding all of it in memory. Raises Broken, Failure."""
    connection = sqlite3.connect(path, isolation_level=None)
    # It is thrown away where this fails.
    connection.execute("PRAGMA synchronous=OFF")
    try:
        sqlite_dumps.load(dump, connection)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        name = getattr(error, "sqlite_errorname", "")
        if name in OUR_DISK or name.startswith("SQLITE_IOERR"):
            raise Failure(f"{dump.name} cannot be checked: {error} ({settings.backup_dir}).") from error
        raise Broken(f"{dump.name} cannot be restored: {one_line(str(error))}.") from error
    finally:
        connection.close()


def take_over(connection: sa.Connection) -> None:
    """Replace our tables by those of the attached database, indexes last."""
    for name in Snapshot(connection).tables():
        connection.exec_driver_sql(f'DROP TABLE main."{name}"')
    for name in sorted(OURS):
        made = connection.exec_driver_sql(MADE, (name,)).all()
        # The table comes before what stands on it.
        for kind, sql in sorted(made, key=lambda one: one.type != "table"):
            connection.exec_driver_sql(sql)
            if kind == "table":
                connection.exec_driver_sql(f'INSERT INTO main."{name}" SELECT * FROM restored."{name}"')  # noqa: S608  # a name of ours
    # It is there once a table is that numbers its rows itself.
    for name in sorted(OURS):
        for statement in SEQUENCE:
            connection.exec_driver_sql(statement, (name,))


def check_unchanged(found: State | None, expected: State | None) -> None:
    """Refuse to drop what came or went since it was backed up. Raises Undone."""
    if found != expected:
        raise Undone(
            "Images were uploaded or deleted meanwhile. Nothing was changed; stop the host and try again."
        )


def check_counts(found: dict[str, int], expected: dict[str, int]) -> None:
    """Refuse a database that is not what the manifest says. Raises Undone."""
    if found != expected:
        raise Undone(f"The restored rows are {found}, but should be {expected}. Nothing was changed.")
