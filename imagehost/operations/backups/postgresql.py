"""PostgreSQL: dumped by pg_dump, read in by psql."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import sqlalchemy as sa

from imagehost.domain.failures import Broken, Failure, Undone
from imagehost.operations.backups import postgresql_dumps, programs, scratches
from imagehost.operations.backups.scratches import SCHEMA
from imagehost.operations.backups.snapshots import OURS, Snapshot, State

SECONDS_TO_WAIT = 30
"""For requests that are under way, before their tables are replaced."""

HOME = sa.text("SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = to_regclass('images')")

CHANGED = "Images were uploaded or deleted meanwhile. Nothing was changed; stop the host and try again."

NO_TABLES = f"""
DO $$ BEGIN IF pg_catalog.to_regclass('public.images') IS NOT NULL THEN
  RAISE EXCEPTION '{CHANGED}';
END IF; END $$;
"""


class PostgreSQL:
    """The database of an engine."""

    kind = "postgresql"

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    def version(self, snapshot: Snapshot) -> str:
        """Tell the server's version."""
        return str(snapshot.connection.exec_driver_sql("SHOW server_version").scalar_one())

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Begin a transaction that sees one moment throughout."""
        with self.engine.connect() as connection:
            yield Snapshot(connection.execution_options(isolation_level="REPEATABLE READ"))

    def dump(self, snapshot: Snapshot, path: Path) -> None:
        """Let pg_dump write what the snapshot sees."""
        home = snapshot.connection.execute(HOME).scalar_one()
        if home != SCHEMA:
            raise Failure(f"The tables are in the schema {home}, and a backup needs them in {SCHEMA}.")
        program = programs.find("pg_dump", snapshot.connection)
        identifier = snapshot.connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
        options = ["--format=plain", "--no-owner", "--no-privileges", "--encoding=UTF8"]
        options += [
            f"--snapshot={identifier}",
            *(f"--table={self.qualified(name)}" for name in snapshot.tables()),
        ]
        programs.run(program, self.engine.url, *options, f"--file={path}")

    @contextmanager
    def scratch(self, dump: Path) -> Iterator[Snapshot]:
        """Restore a dump into a new database of the same server."""
        with scratches.database(self.engine) as url:
            try:
                self.load(dump, url)
            except Undone as error:
                raise Broken(f"{dump.name} cannot be restored: {error}") from error
            with scratches.connected(url) as connection:
                yield Snapshot(connection)

    def replace(self, dump: Path, expected: State | None, counts: dict[str, int]) -> None:
        """Drop the tables and read the dump in, in one transaction."""
        with self.snapshot() as snapshot:
            names = {*OURS, *snapshot.tables()}
        tables = ", ".join(map(self.qualified, sorted(names)))
        drop = f"DROP TABLE IF EXISTS {tables} CASCADE;"
        after = counted({self.qualified(name): number for name, number in counts.items()})
        self.load(dump, self.engine.url, before=unchanged(expected) + drop, after=after)

    def qualified(self, name: str) -> str:
        """Write a table's name with its schema, quoted."""
        return f"{SCHEMA}.{self.engine.dialect.identifier_preparer.quote_identifier(name)}"

    def load(self, dump: Path, url: sa.URL, before: str = "", after: str = "") -> None:
        """Let psql read a dump, between other statements, in one transaction.

        Raises Broken, Undone, Failure. The last statement commits. If the script ends earlier, because it is
        refused or this process is killed, nothing is changed.
        """
        with self.engine.connect() as connection:
            program = programs.find("psql", connection)
        options = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null", "--file=-")
        script = chain(
            (f"BEGIN;\n{before}\n".encode(),),
            postgresql_dumps.admitted(dump),
            (f"{after}\nCOMMIT;\n".encode(),),
        )
        programs.run(program, url, *options, script=script)


def unchanged(expected: State | None) -> str:
    """Write the statements that stop where images came or went."""
    if expected is None:
        return NO_TABLES
    state = f"({expected.images}, {expected.last_id})"
    # Its two parts are numbers.
    return f"""
SET LOCAL lock_timeout = '{SECONDS_TO_WAIT}s';
LOCK TABLE public.images IN ACCESS EXCLUSIVE MODE;
DO $$ BEGIN IF (SELECT (count(*), coalesce(max(id), 0)) <> {state} FROM public.images) THEN
  RAISE EXCEPTION '{CHANGED}';
END IF; END $$;
"""  # noqa: S608  # see above


def counted(counts: dict[str, int]) -> str:
    """Write the statement that stops where the rows are not as many as the manifest says."""
    wrong = [f"(SELECT count(*) FROM {table}) <> {number:d}" for table, number in counts.items()]  # noqa: S608  # quoted names, and numbers
    return f"""
DO $$ BEGIN IF {" OR ".join(wrong)} THEN
  RAISE EXCEPTION 'The restored rows are not as many as the manifest says. Nothing was changed.';
END IF; END $$;
"""
