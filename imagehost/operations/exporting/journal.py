"""Which image has which name in an export, so that one that is continued gives each the same."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from imagehost.operations.exporting.names import key, safe_name
from imagehost.operations.journals import journal

FILE = ".imagehost-export"
TABLE = (
    "files (id INTEGER PRIMARY KEY, base TEXT NOT NULL, number INTEGER NOT NULL, key TEXT NOT NULL UNIQUE, "
    "name TEXT NOT NULL, UNIQUE (base, number))"
)
LAST = 2**62


class Journal:
    """Names by id, in a database file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def names(self, rows: Iterable[sa.Row[*tuple[object, ...]]]) -> list[str]:
        """Give images their names, for good: the first of a name has it bare, others have a number."""
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
                # It is the bare name of another image.
                continue
            return name

    def forget(self, after: int, last: int, kept: Iterable[int]) -> Iterator[str]:
        """Forget the images of a range of ids that are not there any more; give their names."""
        query = "SELECT id, name FROM files WHERE id > ? AND id <= ?"
        gone = dict(self.connection.execute(query, (after, last)).fetchall())
        for image_id in gone.keys() - set(kept):
            self.connection.execute("DELETE FROM files WHERE id = ?", (image_id,))
            yield gone[image_id]


@contextmanager
def opened(folder: Path) -> Iterator[Journal]:
    """Open the journal of an export, or begin one. Raises Failure, also where the same export runs."""
    with journal(folder / FILE, TABLE) as connection:
        yield Journal(connection)
