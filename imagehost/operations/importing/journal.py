"""The journal of imports: the name of each path's image, recorded before the file is imported.

So after an import was killed, a query by this name shows for each path whether its row exists. No file is
imported twice, and none is forgotten.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from imagehost.operations.importing.results import Candidate, Decision, PathResult, Task
from imagehost.operations.journals import journal

IMPORTS_TABLE = (
    "files (path BLOB PRIMARY KEY, stamp TEXT NOT NULL, name TEXT NOT NULL, sha256 TEXT) WITHOUT ROWID"
)


@dataclass(frozen=True, slots=True)
class Record:
    """The record of a path.

    ``name`` is the image's name without extension, ``sha256`` the file's hash, or None until it is imported.
    """

    stamp: str
    name: str
    sha256: str | None


class ImportJournal:
    """Records by path, in a database file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def find(self, candidate: Candidate) -> Record | None:
        """Return the record of a path, or None."""
        query = "SELECT stamp, name, sha256 FROM files WHERE path = ?"
        row = self.connection.execute(query, (os.fsencode(candidate.path),)).fetchone()
        return Record(*row) if row else None

    def begin(self, tasks: Iterable[Task]) -> None:
        """Record the files that are about to be imported, durably."""
        notes = ((os.fsencode(task.candidate.path), task.candidate.stamp, task.name) for task in tasks)
        self.connection.executemany("REPLACE INTO files (path, stamp, name) VALUES (?, ?, ?)", notes)
        self.connection.commit()

    def finish(self, result: PathResult) -> None:
        """Record that a file was imported. If this record is lost, the image's row shows it."""
        if result.what is Decision.IMPORTED:
            query = "UPDATE files SET sha256 = ? WHERE path = ?"
            self.connection.execute(query, (result.sha256, os.fsencode(result.path)))

    def adopt(self, candidate: Candidate, sha256: str) -> None:
        """Record the current stamp and hash of a path that was imported before."""
        query = "UPDATE files SET stamp = ?, sha256 = ? WHERE path = ?"
        self.connection.execute(query, (candidate.stamp, sha256, os.fsencode(candidate.path)))


@contextmanager
def open_import_journal(folder: Path) -> Iterator[ImportJournal]:
    """Open the journal of this host, or make one. Raises Failure, also if another import runs."""
    with journal(folder / "imports.db", IMPORTS_TABLE) as connection:
        yield ImportJournal(connection)
