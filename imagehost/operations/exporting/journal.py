"""The journal of an export: the file name of each image. So a continued export uses the same names."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from imagehost.operations.exporting.names import key, safe_name
from imagehost.operations.journals import journal

JOURNAL_FILE = ".imagehost-export"
EXPORTS_TABLE = (
    "files (id INTEGER PRIMARY KEY, base TEXT NOT NULL, number INTEGER NOT NULL, key TEXT NOT NULL UNIQUE, "
    "name TEXT NOT NULL, UNIQUE (base, number))"
)
LAST = 2**62


class ExportJournal:
    """File names by image id, in a database file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def names(self, rows: Iterable[sa.Row[*tuple[object, ...]]]) -> list[str]:
        """Return the images' file names, and record new ones. If a name is taken, a number is added to it."""
        names = [
            self._name(row.id) or self._choose(row.id, *safe_name(row.original_name, row.file_type))
            for row in rows
        ]
        self.connection.commit()
        return names

    def _name(self, image_id: int) -> str | None:
        row = self.connection.execute("SELECT name FROM files WHERE id = ?", (image_id,)).fetchone()
        return str(row[0]) if row else None

    def _choose(self, image_id: int, stem: str, extension: str) -> str:
        base = key(f"{stem}.{extension}")
        query = "SELECT coalesce(max(number), 0) FROM files WHERE base = ?"
        (number,) = self.connection.execute(query, (base,)).fetchone()
        while True:
            number += 1
            name = f"{stem}.{extension}" if number == 1 else f"{stem} ({number}).{extension}"
            try:
                note = (image_id, base, number, key(name), name)
                self.connection.execute("INSERT INTO files VALUES (?, ?, ?, ?, ?)", note)
            except sqlite3.IntegrityError:
                # Another image has this name without an added number.
                continue
            return name

    def forget(self, after: int, last: int, kept: Iterable[int]) -> Iterator[str]:
        """Remove the records of ids above ``after`` and up to ``last``, except ``kept``; yield file names."""
        query = "SELECT id, name FROM files WHERE id > ? AND id <= ?"
        gone = dict(self.connection.execute(query, (after, last)).fetchall())
        for image_id in gone.keys() - set(kept):
            self.connection.execute("DELETE FROM files WHERE id = ?", (image_id,))
            yield gone[image_id]


@contextmanager
def open_export_journal(folder: Path) -> Iterator[ExportJournal]:
    """Open the journal of an export, or make one. Raises Failure, also if the same export runs."""
    with journal(folder / JOURNAL_FILE, EXPORTS_TABLE) as connection:
        yield ExportJournal(connection)
