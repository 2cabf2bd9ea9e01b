"""Read the rows of one state of a database."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from imagehost.db.models import Base
from imagehost.domain.failures import Failure
from imagehost.operations.dumps.revisions import is_known

IMAGES_TABLE = sa.table(
    "images", sa.column("id"), sa.column("filename"), sa.column("size"), sa.column("sha256")
)
"""The columns that every revision of the table has, also in old backups."""
VERSION_TABLE = sa.table("alembic_version", sa.column("version_num"))
OWN_TABLES = frozenset({*Base.metadata.tables, VERSION_TABLE.name})
"""The tables that a backup contains and a restore replaces. Other tables are not changed."""
ROWS_IN_MEMORY = 1000
"""The number of rows in memory at once."""


class ImageRow(NamedTuple):
    """The facts of an image that a backup needs."""

    filename: str
    size: int
    sha256: str

    @property
    def path(self) -> str:
        """The path of the bytes in the folder ``images`` of a backup, and in the storage on disk."""
        return f"{self.filename[:2]}/{self.filename}"


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """A fingerprint of the images: it changes when an image is added or deleted, since no id is reused."""

    images: int
    last_id: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A transaction that sees one state of a database."""

    connection: sa.Connection

    def tables(self) -> list[str]:
        """Return the names of our tables that exist. If a newer version made them, return all tables."""
        found = set(sa.inspect(self.connection).get_table_names())
        newer = VERSION_TABLE.name in found and not is_known(self._version())
        return sorted(found if newer else OWN_TABLES & found)

    def _version(self) -> str:
        return str(self.connection.execute(sa.select(VERSION_TABLE.c.version_num)).scalar())

    def counts(self) -> dict[str, int]:
        """Return the number of rows of each of our tables."""
        return {
            name: self.connection.execute(sa.select(sa.func.count()).select_from(sa.table(name))).scalar_one()
            for name in self.tables()
        }

    def revision(self) -> str:
        """Return the revision of the tables. Raises Failure if there are no tables."""
        if not {IMAGES_TABLE.name, VERSION_TABLE.name} <= set(self.tables()):
            raise Failure("The database has no tables yet. To create them: flask db upgrade")
        return self._version()

    def state(self) -> DatabaseState | None:
        """Return the number of images and the highest id; None if there is no table."""
        if IMAGES_TABLE.name not in self.tables():
            return None
        columns = (sa.func.count(), sa.func.coalesce(sa.func.max(IMAGES_TABLE.c.id), 0))
        count, last = self.connection.execute(sa.select(*columns).select_from(IMAGES_TABLE)).one()
        return DatabaseState(count, last)

    def images(self) -> Iterator[ImageRow]:
        """Yield the images by filename, in the order of bytes."""
        collation = "C" if self.connection.dialect.name == "postgresql" else "BINARY"
        order = sa.collate(IMAGES_TABLE.c.filename, collation)
        rows = sa.select(IMAGES_TABLE.c.filename, IMAGES_TABLE.c.size, IMAGES_TABLE.c.sha256).order_by(order)
        for row in self.connection.execute(rows, execution_options={"yield_per": ROWS_IN_MEMORY}):
            yield ImageRow(*row)
