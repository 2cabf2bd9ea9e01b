"""Record the progress of long work in a file, so that it can be continued after a kill or a power failure."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from imagehost.domain.errors import StorageFull, Unavailable
from imagehost.domain.failures import Failure

GO_ON = "To continue, run the same command again."


@contextmanager
def journal(path: Path, table: str) -> Iterator[sqlite3.Connection]:
    """Open a journal, or make it with one table, and lock it until the block ends. Raises Failure."""
    try:
        with closing(sqlite3.connect(path, timeout=0)) as connection:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute(f"CREATE TABLE IF NOT EXISTS {table}")
            connection.commit()
            yield connection
            connection.commit()
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorname", "") == "SQLITE_BUSY":
            raise Failure("The same command is already running. Wait until it has finished.") from error
        raise Failure(f"{path} cannot be used: {error}. {GO_ON}") from error


@contextmanager
def resumable() -> Iterator[None]:
    """Convert an interruption, Unavailable or StorageFull to a Failure that says how to continue."""
    try:
        yield
    except KeyboardInterrupt:
        raise Failure(f"The command was interrupted. {GO_ON}") from None
    except (Unavailable, StorageFull) as error:
        raise Failure(f"{error} {GO_ON}") from error
