"""Prepare a database engine: pool, durability of SQLite, conversion of drivers' errors, migration lock."""

import logging
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
from imagehost.files.locks import locked_folder

CONNECTIONS = 10
"""The maximum number of connections of a worker process. PostgreSQL's default of 100 allows ten workers."""
SECONDS_TO_CONNECT = 3
SECONDS_TO_WAIT_FOR_DATABASE = 10
"""The longest wait for a free connection, and on SQLite for other writers."""
SECONDS_IDLE = 0.2
"""A connection that was idle for this time is tested before it is used: it may have been lost meanwhile."""

IMMEDIATE = {"sqlite_begin": "IMMEDIATE"}
"""The execution option of a transaction that writes. It must be set before the first statement.

A deferred transaction that reads first fails with 'database is locked' if another writer was faster."""

SQLITE_FULL_DISK = {"SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"}
"""SQLite's errors on a full disk: when it writes, and when it connects."""

DAMAGED_FILE_ERRORS = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
"""The prefixes of SQLite's error names for a damaged file."""

DOWN = (
    psycopg2.OperationalError,
    psycopg2.InterfaceError,
    sqlite3.OperationalError,
    # The tables are lost, or not made yet. SQLite raises an OperationalError for that.
    psycopg2.errors.UndefinedTable,
)
"""The drivers' errors if the database does not work."""

MIGRATION_LOCK = 7240174
"""An arbitrary number. PostgreSQL's advisory locks have numbers instead of names."""

log = logging.getLogger(__name__)


class Pool(sa.QueuePool):
    """A pool that raises Unavailable if all connections are busy."""

    # SQLAlchemy names the logger of a pool after its module. Its records do not belong in app.log.
    __module__ = sa.QueuePool.__module__

    def connect(self) -> PoolProxiedConnection:
        """Return a connection. Raises Unavailable if none becomes free in time."""
        try:
            return super().connect()
        except sa.exc.TimeoutError as error:
            log.error("no free database connection", extra={"seconds": SECONDS_TO_WAIT_FOR_DATABASE})  # noqa: TRY400  # no traceback is needed
            raise Unavailable("database") from error


def engine_options(url: sa.URL) -> dict[str, Any]:
    """Return the arguments of ``create_engine`` for the pool and the connections."""
    pool = {
        "poolclass": Pool,
        "pool_size": CONNECTIONS,
        # Connections above the size are closed after use. To make them again for each burst of requests would
        # cost more than their queries.
        "max_overflow": 0,
        "pool_timeout": SECONDS_TO_WAIT_FOR_DATABASE,
    }
    if url.get_backend_name() == "sqlite":
        return {**pool, "connect_args": {"timeout": SECONDS_TO_WAIT_FOR_DATABASE}}
    arguments = {
        "connect_timeout": SECONDS_TO_CONNECT,
        "options": "-c timezone=utc",
        "application_name": "imagehost",
    }
    return {**pool, "connect_args": arguments}


def tune(engine: sa.Engine) -> None:
    """Attach this module's event handlers to an engine."""
    sa.event.listen(engine, "handle_error", translate_error)
    sa.event.listen(engine, "connect", log_connect)
    sa.event.listen(engine, "invalidate", log_lost)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", set_pragmas)
        sa.event.listen(engine, "begin", begin_transaction)
        sa.event.listen(engine, "checkin", end_transaction)
    else:
        sa.event.listen(engine, "checkin", note_time)
        sa.event.listen(engine, "checkout", partial(try_idle, engine.dialect))


def set_pragmas(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """Make SQLite durable, concurrent, and strict."""
    # The driver must not begin transactions: begin_transaction() does it.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def begin_transaction(connection: sa.Connection) -> None:
    """Begin a SQLite transaction. With ``IMMEDIATE`` it takes the write lock at once."""
    mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


def end_transaction(connection: DBAPIConnection | None, _: ConnectionPoolEntry) -> None:
    """Roll back a transaction that a failed commit left open: all other writers would wait for it."""
    if connection is not None and connection.in_transaction:
        connection.rollback()


def note_time(_: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
    """Record the time at which a connection becomes idle."""
    entry.info["idle_since"] = time.monotonic()


def try_idle(
    dialect: sa.Dialect, connection: DBAPIConnection, entry: ConnectionPoolEntry, _: PoolProxiedConnection
) -> None:
    """Test a connection that was idle. If it was lost, the pool replaces it, and the caller notices nothing.

    SQLAlchemy's own pre-ping tests it each time: on a busy host, that would be a quarter of the queries that
    uploads send to PostgreSQL.
    """
    if time.monotonic() - entry.info.get("idle_since", time.monotonic()) < SECONDS_IDLE:
        return
    try:
        dialect.do_ping(connection)
    except psycopg2.Error as error:
        raise sa.exc.DisconnectionError from error


def translate_error(context: sa.engine.ExceptionContext) -> None:
    """Convert the drivers' errors that are not errors of this program to StorageFull and Unavailable."""
    error = context.original_exception
    name = getattr(error, "sqlite_errorname", "")
    if isinstance(error, psycopg2.errors.DiskFull) or name in SQLITE_FULL_DISK:
        raise StorageFull from error
    if isinstance(error, DOWN) or name.startswith(DAMAGED_FILE_ERRORS):
        log.error("database error", extra={"reason": str(error).strip()})
        raise Unavailable("database") from error


def log_connect(_: DBAPIConnection, __: ConnectionPoolEntry) -> None:
    """Log that a connection was made."""
    log.info("database connected")


def log_lost(_: DBAPIConnection, __: ConnectionPoolEntry, error: BaseException | None) -> None:
    """Log that a connection was lost."""
    # If the pool's own test found it, the error has no text.
    idle = error is None or isinstance(error, sa.exc.DisconnectionError)
    reason = "while it was idle" if idle else str(error).strip()
    log.warning("database connection lost", extra={"reason": reason})


@contextmanager
def migrating(connection: sa.Connection, folder: Path) -> Iterator[None]:
    """Let one process at a time migrate a PostgreSQL database, or the SQLite database of a folder."""
    if connection.dialect.name == "postgresql":
        # The lock ends with the session. A detached connection is really closed, and so its session ends.
        connection.detach()
        connection.execute(sa.select(sa.func.pg_advisory_lock(MIGRATION_LOCK)))
        connection.rollback()
        yield
        return
    with locked_folder(folder):
        yield
