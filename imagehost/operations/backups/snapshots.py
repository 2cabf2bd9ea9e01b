"""One moment of a database, live or restored: what rows it has."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from imagehost.db.models import Base
from imagehost.domain.failures import Failure
from imagehost.operations.backups.revisions import is_known

IMAGES = sa.table("images", sa.column("id"), sa.column("filename"), sa.column("size"), sa.column("sha256"))
"""The columns that every revision has, also those of old backups."""
VERSION = sa.table("alembic_version", sa.column("version_num"))
OURS = frozenset({*Base.metadata.tables, VERSION.name})
"""What a backup holds and a restore replaces; other tables in the database are not touched."""
ROWS = 1000
"""That stand in memory at once."""


class ImageRow(NamedTuple):
    """What a backup has to know of an image."""

    filename: str
    size: int
    sha256: str

    @property
    def path(self) -> str:
        """Where its bytes are, below ``images`` of a backup and in the storage on disk."""
        return f"{self.filename[:2]}/{self.filename}"


@dataclass(frozen=True, slots=True)
class State:
    """By what one tells that nothing was added or deleted: an id is never given twice."""

    images: int
    last_id: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A transaction that sees one moment of a database."""

    connection: sa.Connection

    def tables(self) -> list[str]:
        """Name our tables that are there; after a newer version, which may have made others, all of them."""
        found = set(sa.inspect(self.connection).get_table_names())
        newer = VERSION.name in found and not is_known(self._version())
        return sorted(found if newer else OURS & found)

    def _version(self) -> str:
        return str(self.connection.execute(sa.select(VERSION.c.version_num)).scalar())

    def counts(self) -> dict[str, int]:
        """Count the rows of each of our tables."""
        return {
            name: self.connection.execute(sa.select(sa.func.count()).select_from(sa.table(name))).scalar_one()
            for name in self.tables()
        }

    def revision(self) -> str:
        """Give the revision of the tables. Raises Failure where there are none."""
        if not {IMAGES.name, VERSION.name} <= set(self.tables()):
            raise Failure("The database has no tables yet. Make them: flask db upgrade")
        return self._version()

    def state(self) -> State | None:
        """Tell how many images there are, and the last id; None where there is no table."""
        if IMAGES.name not in self.tables():
            return None
        columns = (sa.func.count(), sa.func.coalesce(sa.func.max(IMAGES.c.id), 0))
        count, last = self.connection.execute(sa.select(*columns).select_from(IMAGES)).one()
        return State(count, last)

    def images(self) -> Iterator[ImageRow]:
        """Go through the images by filename, as bytes sort."""
        collation = "C" if self.connection.dialect.name == "postgresql" else "BINARY"
        order = sa.collate(IMAGES.c.filename, collation)
        rows = sa.select(IMAGES.c.filename, IMAGES.c.size, IMAGES.c.sha256).order_by(order)
        for row in self.connection.execute(rows, execution_options={"yield_per": ROWS}):
            yield ImageRow(*row)
