"""What an import did so far: each path with the name that it was to get, noted before it is imported.

So after a kill at any moment it is known of each whether its row is there: none is imported twice, none is
forgotten.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from imagehost.operations.importing.results import Candidate, Result, Task, What
from imagehost.operations.journals import journal

TABLE = "files (path BLOB PRIMARY KEY, stamp TEXT NOT NULL, name TEXT NOT NULL, sha256 TEXT) WITHOUT ROWID"


@dataclass(frozen=True, slots=True)
class Record:
    """What is noted of a path: the image's name without extension, and once imported, the file's hash."""

    stamp: str
    name: str
    sha256: str | None


class Journal:
    """Records by path, in a database file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def find(self, candidate: Candidate) -> Record | None:
        """Recall what is noted of a path."""
        query = "SELECT stamp, name, sha256 FROM files WHERE path = ?"
        row = self.connection.execute(query, (os.fsencode(candidate.path),)).fetchone()
        return Record(*row) if row else None

    def begin(self, tasks: Iterable[Task]) -> None:
        """Note what is about to be imported, for good."""
        notes = ((os.fsencode(task.candidate.path), task.candidate.stamp, task.name) for task in tasks)
        self.connection.executemany("REPLACE INTO files (path, stamp, name) VALUES (?, ?, ?)", notes)
        self.connection.commit()

    def finish(self, result: Result) -> None:
        """Note what was imported; should that get lost, the row tells it."""
        if result.what is What.IMPORTED:
            query = "UPDATE files SET sha256 = ? WHERE path = ?"
            self.connection.execute(query, (result.sha256, os.fsencode(result.path)))

    def adopt(self, candidate: Candidate, sha256: str) -> None:
        """Note that a path was imported, and is the same; of what its hash is."""
        query = "UPDATE files SET stamp = ?, sha256 = ? WHERE path = ?"
        self.connection.execute(query, (candidate.stamp, sha256, os.fsencode(candidate.path)))


@contextmanager
def opened(folder: Path) -> Iterator[Journal]:
    """Open the journal of this host, or begin one. Raises Failure, also where another import runs."""
    with journal(folder / "imports.db", TABLE) as connection:
        yield Journal(connection)
