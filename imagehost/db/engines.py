"""The engine: its URL, how it connects, how SQLite is made durable, and the border for its errors."""

import fcntl
import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.errors
import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from imagehost.domain.errors import StorageFull, Unavailable

CONNECTIONS = 10
"""Connections a worker process holds at most: ten workers fit PostgreSQL's default of 100."""
SECONDS_TO_CONNECT = 3
SECONDS_TO_WAIT = 10
"""For a free connection, and on SQLite for other writers."""
SECONDS_IDLE = 0.2
"""After so many a connection is tried before it is lent: it may have been lost meanwhile."""

IMMEDIATE = {"sqlite_begin": "IMMEDIATE"}
"""Execution option of a transaction that writes, given with its first statement.

A deferred one that reads first fails with 'database is locked' when another writer was faster."""

NO_ROOM = {"SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"}
"""What SQLite says on a full disk: when it writes, and when it connects."""

BROKEN = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
"""How the names of what SQLite says of a damaged file begin."""

DOWN = (
    psycopg2.OperationalError,
    psycopg2.InterfaceError,
    sqlite3.OperationalError,
    # The tables are lost, or not made yet; SQLite calls that operational by itself.
    psycopg2.errors.UndefinedTable,
)
"""What the drivers say where the database does not do its part."""

MIGRATION_LOCK = 7240174
"""An arbitrary number, as PostgreSQL's advisory locks have instead of names."""

log = logging.getLogger(__name__)


class Pool(sa.QueuePool):
    """A pool that tells in our words that all connections are busy."""

    # SQLAlchemy names a pool's logger after this, and what it writes there is not for app.log.
    __module__ = sa.QueuePool.__module__

    def connect(self) -> PoolProxiedConnection:
        """Lend a connection. Raises Unavailable where none came free in time."""
        try:
            return super().connect()
        except sa.exc.TimeoutError as error:
            log.error("no database connection free", extra={"seconds": SECONDS_TO_WAIT})  # noqa: TRY400  # no traceback
            raise Unavailable("database") from error


def normalise(url: str) -> sa.URL:
    """Make a URL of a user into one of SQLAlchemy's, with the driver that we ship.

    Raises sqlalchemy.exc.ArgumentError where it cannot be read.
    """
    parsed = sa.make_url(url)
    postgresql = parsed.drivername in {"postgres", "postgresql"}
    return parsed.set(drivername="postgresql+psycopg2") if postgresql else parsed


def engine_options(url: sa.URL) -> dict[str, Any]:
    """Choose the pool and the connection's settings."""
    pool = {
        "poolclass": Pool,
        "pool_size": CONNECTIONS,
        # Those beyond the size would be made anew for each crowd of requests, which costs more than they ask.
        "max_overflow": 0,
        "pool_timeout": SECONDS_TO_WAIT,
    }
    if url.get_backend_name() == "sqlite":
        return {**pool, "connect_args": {"timeout": SECONDS_TO_WAIT}}
    arguments = {
        "connect_timeout": SECONDS_TO_CONNECT,
        "options": "-c timezone=utc",
        "application_name": "imagehost",
    }
    return {**pool, "connect_args": arguments}


def tune(engine: sa.Engine) -> None:
    """Attach to an engine what it needs from us."""
    sa.event.listen(engine, "handle_error", translate_error)
    sa.event.listen(engine, "connect", log_connect)
    sa.event.listen(engine, "invalidate", log_lost)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", set_pragmas)
        sa.event.listen(engine, "begin", begin)
        sa.event.listen(engine, "checkin", end_transaction)
    else:
        sa.event.listen(engine, "checkin", note_time)
        sa.event.listen(engine, "checkout", partial(try_idle, engine.dialect))


def set_pragmas(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """Make SQLite durable, concurrent, and strict."""
    # The driver begins no transaction of its own: begin() below does.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def begin(connection: sa.Connection) -> None:
    """Begin a SQLite transaction, at once as a writer where ``IMMEDIATE`` was asked for."""
    mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


def end_transaction(connection: DBAPIConnection | None, _: ConnectionPoolEntry) -> None:
    """Take back what a commit that failed left open: it would keep every other writer waiting."""
    if connection is not None and connection.in_transaction:
        connection.rollback()


def note_time(_: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
    """Note since when a connection is idle."""
    entry.info["idle_since"] = time.monotonic()


def try_idle(
    dialect: sa.Dialect, connection: DBAPIConnection, entry: ConnectionPoolEntry, _: PoolProxiedConnection
) -> None:
    """Let the pool make a connection anew that was lost while it was idle, which nobody need know.

    SQLAlchemy's own pre-ping asks each time: a quarter of what uploads ask of PostgreSQL on a busy host.
    """
    if time.monotonic() - entry.info.get("idle_since", time.monotonic()) < SECONDS_IDLE:
        return
    try:
        dialect.do_ping(connection)
    except psycopg2.Error as error:
        raise sa.exc.DisconnectionError from error


def translate_error(context: sa.engine.ExceptionContext) -> None:
    """Turn the drivers' errors that are no fault of ours into the two that a client can act on."""
    error = context.original_exception
    name = getattr(error, "sqlite_errorname", "")
    if isinstance(error, psycopg2.errors.DiskFull) or name in NO_ROOM:
        raise StorageFull from error
    if isinstance(error, DOWN) or name.startswith(BROKEN):
        log.error("database error", extra={"reason": str(error).strip()})
        raise Unavailable("database") from error


def log_connect(_: DBAPIConnection, __: ConnectionPoolEntry) -> None:
    """Log a connection made."""
    log.info("database connected")


def log_lost(_: DBAPIConnection, __: ConnectionPoolEntry, error: BaseException | None) -> None:
    """Log a connection that broke."""
    # What the pool itself finds out, when it looks before it lends one, comes without words.
    idle = error is None or isinstance(error, sa.exc.DisconnectionError)
    reason = "while it was idle" if idle else str(error).strip()
    log.warning("database connection lost", extra={"reason": reason})


@contextmanager
def migrating(connection: sa.Connection, folder: Path) -> Iterator[None]:
    """Let one process at a time migrate: of a PostgreSQL database, or those of one instance folder."""
    if connection.dialect.name == "postgresql":
        # The lock goes with the session, which now ends when the connection is closed.
        connection.detach()
        connection.execute(sa.select(sa.func.pg_advisory_lock(MIGRATION_LOCK)))
        connection.rollback()
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
