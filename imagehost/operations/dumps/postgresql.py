"""Dump PostgreSQL databases with pg_dump, and restore dumps with psql."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import sqlalchemy as sa

from imagehost.domain.failures import Broken, Failure, Undone
from imagehost.host import Host
from imagehost.operations.dumps import postgresql_scripts, programs, scratch_databases
from imagehost.operations.dumps.scratch_databases import SCHEMA
from imagehost.operations.dumps.snapshots import OWN_TABLES, DatabaseState, Snapshot

SECONDS_TO_WAIT_FOR_TABLES = 30
"""The longest wait for requests in progress before the tables are replaced."""

HOME = sa.text("SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = to_regclass('images')")

CHANGED = (
    "Images were uploaded or deleted during the restore. Nothing was changed. Stop the host and try again."
)

NO_TABLES = f"""
DO $$ BEGIN IF pg_catalog.to_regclass('public.images') IS NOT NULL THEN
  RAISE EXCEPTION '{CHANGED}';
END IF; END $$;
"""


class PostgreSQLDumper:
    """Dumps the database of a host with pg_dump, and restores dumps with psql."""

    kind = "postgresql"

    def __init__(self, host: Host) -> None:
        self.engine = host.database.engine

    def version(self, snapshot: Snapshot) -> str:
        """Return the server's version."""
        return str(snapshot.connection.exec_driver_sql("SHOW server_version").scalar_one())

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Begin a transaction that sees one state of the database until its end."""
        with self.engine.connect() as connection:
            yield Snapshot(connection.execution_options(isolation_level="REPEATABLE READ"))

    def dump(self, snapshot: Snapshot, path: Path) -> None:
        """Let pg_dump write the state that the snapshot sees. Raises Failure."""
        home = snapshot.connection.execute(HOME).scalar_one()
        if home != SCHEMA:
            raise Failure(f"The tables are in the schema {home}, but a backup needs them in {SCHEMA}.")
        program = programs.find_program("pg_dump", snapshot.connection)
        identifier = snapshot.connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
        options = ["--format=plain", "--no-owner", "--no-privileges", "--encoding=UTF8"]
        options += [
            f"--snapshot={identifier}",
            *(f"--table={self.qualified(name)}" for name in snapshot.tables()),
        ]
        programs.run_program(program, self.engine.url, *options, f"--file={path}")

    @contextmanager
    def scratch(self, dump: Path) -> Iterator[Snapshot]:
        """Restore a dump into a new database on the same server. Raises Broken."""
        with scratch_databases.database(self.engine) as url:
            try:
                self.load(dump, url)
            except Undone as error:
                raise Broken(f"{dump.name} cannot be restored: {error}") from error
            with scratch_databases.connected(url) as connection:
                yield Snapshot(connection)

    def replace(self, dump: Path, expected: DatabaseState | None, counts: dict[str, int]) -> None:
        """Drop the tables and load the dump, in one transaction."""
        with self.snapshot() as snapshot:
            names = {*OWN_TABLES, *snapshot.tables()}
        tables = ", ".join(map(self.qualified, sorted(names)))
        drop = f"DROP TABLE IF EXISTS {tables} CASCADE;"
        after = counted({self.qualified(name): number for name, number in counts.items()})
        self.load(dump, self.engine.url, before=unchanged(expected) + drop, after=after)

    def qualified(self, name: str) -> str:
        """Return a table's name with its schema, quoted."""
        return f"{SCHEMA}.{self.engine.dialect.identifier_preparer.quote_identifier(name)}"

    def load(self, dump: Path, url: sa.URL, before: str = "", after: str = "") -> None:
        """Let psql execute the statements ``before``, a dump and the statements ``after`` in one transaction.

        The last statement commits. If the script ends earlier, because it is refused or this process is
        killed, nothing is changed. Raises Broken, Undone or Failure.
        """
        with self.engine.connect() as connection:
            program = programs.find_program("psql", connection)
        options = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null", "--file=-")
        script = chain(
            (f"BEGIN;\n{before}\n".encode(),),
            postgresql_scripts.admitted(dump),
            (f"{after}\nCOMMIT;\n".encode(),),
        )
        programs.run_program(program, url, *options, script=script)


def unchanged(expected: DatabaseState | None) -> str:
    """Return the statements that raise an error if images were added or deleted."""
    if expected is None:
        return NO_TABLES
    state = f"({expected.images}, {expected.last_id})"
    # Both parts are numbers, so they need no quotes in the SQL.
    return f"""
SET LOCAL lock_timeout = '{SECONDS_TO_WAIT_FOR_TABLES}s';
LOCK TABLE public.images IN ACCESS EXCLUSIVE MODE;
DO $$ BEGIN IF (SELECT (count(*), coalesce(max(id), 0)) <> {state} FROM public.images) THEN
  RAISE EXCEPTION '{CHANGED}';
END IF; END $$;
"""  # noqa: S608  # see above


def counted(counts: dict[str, int]) -> str:
    """Return the statement that raises an error if a table does not have the number of rows in ``counts``."""
    wrong = [f"(SELECT count(*) FROM {table}) <> {number:d}" for table, number in counts.items()]  # noqa: S608  # quoted names, and numbers
    return f"""
DO $$ BEGIN IF {" OR ".join(wrong)} THEN
  RAISE EXCEPTION 'The number of restored rows differs from the manifest. Nothing was changed.';
END IF; END $$;
"""
