"""SQLite: dumped by Python's own sqlite3, read in statement by statement."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import sqlalchemy as sa

from imagehost.database import IMMEDIATE
from imagehost.extensions import settings
from imagehost.failures import Broken, Failure
from imagehost.services.backups.catalogue import SCRATCH
from imagehost.services.backups.snapshots import Snapshot, State

OWN_TABLES = "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
MADE = "SELECT type, name, sql FROM restored.sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%'"
SEQUENCES = (
    "DELETE FROM main.sqlite_sequence",
    "INSERT INTO main.sqlite_sequence SELECT * FROM restored.sqlite_sequence",
)
"""Which ids were given, so that none is given twice."""


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
        with path.open("x", encoding="utf-8") as file:
            for statement in driver.iterdump():
                file.write(f"{statement}\n")

    @contextmanager
    def scratch(self, dump: Path) -> Iterator[Snapshot]:
        """Make a file of the dump."""
        with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=settings.backup_dir) as scratch:
            path = Path(scratch) / "restored.db"
            load(dump, path)
            engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)), poolclass=sa.NullPool)
            with engine.connect() as connection:
                yield Snapshot(connection)

    def replace(self, dump: Path, expected: State | None, counts: dict[str, int]) -> None:
        """Make a file of the dump, and take its tables over in one transaction."""
        with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=settings.backup_dir) as scratch:
            path = Path(scratch) / "restored.db"
            load(dump, path)
            # Attached before the transaction begins: within one it cannot be.
            with self.engine.connect() as connection:
                driver = cast("sqlite3.Connection", connection.connection.driver_connection)
                driver.execute("ATTACH ? AS restored", (str(path),))
                try:
                    with connection.execution_options(**IMMEDIATE).begin():
                        check_unchanged(Snapshot(connection).state(), expected)
                        take_over(connection)
                        check_counts(Snapshot(connection).counts(), counts)
                finally:
                    driver.execute("DETACH restored")


def load(dump: Path, path: Path) -> None:
    """Make a database of a dump, without holding all of it in memory. Raises Broken."""
    connection = sqlite3.connect(path, isolation_level=None)
    # It is thrown away where this fails.
    connection.execute("PRAGMA synchronous=OFF")
    try:
        for statement in statements(dump):
            connection.execute(statement)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise Broken(f"{dump.name} cannot be restored: {error}.") from error
    finally:
        connection.close()


def statements(dump: Path) -> Iterator[str]:
    """Cut a dump into its statements; what is left at the end is cut off. Raises Broken."""
    statement, last = "", ""
    with dump.open(encoding="utf-8") as file:
        for line in file:
            statement += line
            if sqlite3.complete_statement(statement):
                yield statement
                statement, last = "", statement
    if last.strip() != "COMMIT;" or any(
        line and not line.startswith("--") for line in statement.splitlines()
    ):
        raise Broken(f"{dump.name} cannot be restored: it is cut off.")


def take_over(connection: sa.Connection) -> None:
    """Drop all tables, and make those of the attached database, indexes last."""
    for name in connection.exec_driver_sql(OWN_TABLES).scalars().all():
        connection.exec_driver_sql(f'DROP TABLE main."{name}"')
    objects = connection.exec_driver_sql(MADE).all()
    for _, name, sql in (each for each in objects if each.type == "table"):
        connection.exec_driver_sql(sql)
        connection.exec_driver_sql(f'INSERT INTO main."{name}" SELECT * FROM restored."{name}"')  # noqa: S608
    for _, _, sql in (each for each in objects if each.type != "table"):
        connection.exec_driver_sql(sql)
    for statement in SEQUENCES:
        connection.exec_driver_sql(statement)


def check_unchanged(found: State | None, expected: State | None) -> None:
    """Refuse to drop what came or went since it was backed up. Raises Failure."""
    if found != expected:
        raise Failure(
            "Images were uploaded or deleted meanwhile. Nothing was changed; stop the host and try again."
        )


def check_counts(found: dict[str, int], expected: dict[str, int]) -> None:
    """Refuse a database that is not what the manifest says. Raises Failure."""
    if found != expected:
        raise Failure(f"The restored rows are {found}, but should be {expected}. Nothing was changed.")
