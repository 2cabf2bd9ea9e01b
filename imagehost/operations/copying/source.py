"""Open the database to copy from, for reading only."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import sqlalchemy as sa

from imagehost.db import engines
from imagehost.domain.failures import Failure
from imagehost.settings.database_url import normalise

ALLOWED = "sqlite:///<file> or postgresql://<user>:<password>@<host>/<database>"


@contextmanager
def reading(url: str) -> Iterator[sa.Connection]:
    """Open a connection that sees one state of the database. Raises Failure if it cannot be read."""
    address = parse(url)
    engine = sqlite_engine(address) if address.drivername == "sqlite" else postgresql_engine(address)
    sa.event.listen(engine, "handle_error", complain)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def parse(url: str) -> sa.URL:
    """Parse a URL from the command line. Raises Failure without the URL, which may contain a password."""
    try:
        address = normalise(url)
    except (sa.exc.ArgumentError, ValueError):
        address = None
    if address is None or address.drivername not in {"sqlite", "postgresql+psycopg2"}:
        raise Failure(f"The URL to copy from must be {ALLOWED}.")
    return address


def sqlite_engine(address: sa.URL) -> sa.Engine:
    """Return an engine for an existing SQLite file. Raises Failure if there is no such file."""
    path = Path(address.database or "").absolute()
    if not path.is_file():
        raise Failure(f"There is no database {path}.")
    # In a read-only folder, SQLite opens a file in WAL mode only if it is declared immutable. Without a WAL
    # file next to it, it really does not change.
    idle = not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists()
    uri = f"{path.as_uri()}?mode=ro{'&immutable=1' if idle else ''}"

    def connect() -> sqlite3.Connection:
        # The driver must not begin transactions: engines.begin_transaction does it.
        return sqlite3.connect(
            uri, uri=True, isolation_level=None, timeout=engines.SECONDS_TO_WAIT_FOR_DATABASE
        )

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=sa.NullPool)
    sa.event.listen(engine, "begin", engines.begin_transaction)
    return engine


def postgresql_engine(address: sa.URL) -> sa.Engine:
    """Return an engine for a PostgreSQL database."""
    return sa.create_engine(
        address,
        poolclass=sa.NullPool,
        connect_args=engines.engine_options(address)["connect_args"],
        execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
    )


def complain(context: sa.engine.ExceptionContext) -> NoReturn:
    """Raise a Failure with the first line of the driver's error."""
    reason = str(context.original_exception).strip().partition("\n")[0]
    raise Failure(f"The database to copy from cannot be read: {reason}") from context.original_exception
