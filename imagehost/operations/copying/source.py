"""The database to copy from: opened so that nothing in it can change."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import sqlalchemy as sa

from imagehost.db import engines
from imagehost.domain.failures import Failure

ALLOWED = "sqlite:///<file> or postgresql://<user>:<password>@<host>/<database>"


@contextmanager
def reading(url: str) -> Iterator[sa.Connection]:
    """See one moment of a database while the block runs. Raises Failure where it cannot be read."""
    address = parse(url)
    engine = sqlite_engine(address) if address.drivername == "sqlite" else postgresql_engine(address)
    sa.event.listen(engine, "handle_error", complain)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def parse(url: str) -> sa.URL:
    """Read a URL of a person. Raises Failure, which does not repeat it: it may hold a password."""
    try:
        address = engines.normalise(url)
    except (sa.exc.ArgumentError, ValueError):
        address = None
    if address is None or address.drivername not in {"sqlite", "postgresql+psycopg2"}:
        raise Failure(f"The URL to copy from must be {ALLOWED}.")
    return address


def sqlite_engine(address: sa.URL) -> sa.Engine:
    """Open a file of SQLite's, which has to be there."""
    path = Path(address.database or "").absolute()
    if not path.is_file():
        raise Failure(f"There is no database {path}.")
    # In a folder that cannot be written to, a file in WAL mode opens only as one that never changes; so it is
    # where no log lies beside it.
    idle = not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists()
    uri = f"{path.as_uri()}?mode=ro{'&immutable=1' if idle else ''}"

    def connect() -> sqlite3.Connection:
        # The driver begins no transaction of its own.
        return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=engines.SECONDS_TO_WAIT)

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=sa.NullPool)
    sa.event.listen(engine, "begin", engines.begin)
    return engine


def postgresql_engine(address: sa.URL) -> sa.Engine:
    """Open a database of PostgreSQL's."""
    return sa.create_engine(
        address,
        poolclass=sa.NullPool,
        connect_args=engines.engine_options(address)["connect_args"],
        execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
    )


def complain(context: sa.engine.ExceptionContext) -> NoReturn:
    """Say in one line what the driver says."""
    reason = str(context.original_exception).strip().partition("\n")[0]
    raise Failure(f"The database to copy from cannot be read: {reason}") from context.original_exception
