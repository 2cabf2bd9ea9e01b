"""The engine: its URL, how it connects, how SQLite is made durable, and the border for its errors."""

import logging
import sqlite3
from typing import Any

import psycopg2
import psycopg2.errors
import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from imagehost.errors import StorageFull, Unavailable

CONNECTIONS = 10
"""Connections a worker process holds at most: ten workers fit PostgreSQL's default of 100."""
SECONDS_TO_CONNECT = 3
SECONDS_TO_WAIT = 10
"""For a free connection, and on SQLite for other writers."""

IMMEDIATE = {"sqlite_begin": "IMMEDIATE"}
"""Execution option of a transaction that writes, given with its first statement.

A deferred one that reads first fails with 'database is locked' when another writer was faster."""

log = logging.getLogger(__name__)


def normalise(url: str) -> sa.URL:
    """Make a URL of a user into one of SQLAlchemy's, with the driver that we ship.

    Raises sqlalchemy.exc.ArgumentError where it cannot be read.
    """
    parsed = sa.make_url(url)
    postgresql = parsed.drivername in {"postgres", "postgresql"}
    return parsed.set(drivername="postgresql+psycopg2") if postgresql else parsed


def engine_options(url: sa.URL) -> dict[str, Any]:
    """Choose the pool and the connection's settings."""
    pool = {"pool_size": CONNECTIONS // 2, "max_overflow": CONNECTIONS // 2, "pool_timeout": SECONDS_TO_WAIT}
    if url.get_backend_name() == "sqlite":
        return {**pool, "connect_args": {"timeout": SECONDS_TO_WAIT}}
    arguments = {
        "connect_timeout": SECONDS_TO_CONNECT,
        "options": "-c timezone=utc",
        "application_name": "imagehost",
    }
    return {**pool, "pool_pre_ping": True, "connect_args": arguments}


def tune(engine: sa.Engine) -> None:
    """Attach to an engine what it needs from us."""
    sa.event.listen(engine, "handle_error", translate_error)
    sa.event.listen(engine, "connect", log_connect)
    sa.event.listen(engine, "invalidate", log_lost)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", set_pragmas)
        sa.event.listen(engine, "begin", begin)


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


def translate_error(context: sa.engine.ExceptionContext) -> None:
    """Turn the drivers' errors that are no fault of ours into the two that a client can act on."""
    error = context.original_exception
    if isinstance(error, psycopg2.errors.DiskFull) or "database or disk is full" in str(error):
        raise StorageFull from error
    if isinstance(error, (psycopg2.OperationalError, psycopg2.InterfaceError, sqlite3.OperationalError)):
        log.error("database error", extra={"reason": str(error).strip()})
        raise Unavailable("database") from error


def log_connect(_: DBAPIConnection, __: ConnectionPoolEntry) -> None:
    """Log a connection made."""
    log.info("database connected")


def log_lost(_: DBAPIConnection, __: ConnectionPoolEntry, error: BaseException | None) -> None:
    """Log a connection that broke."""
    log.warning("database connection lost", extra={"reason": str(error).strip() if error else "unknown"})
