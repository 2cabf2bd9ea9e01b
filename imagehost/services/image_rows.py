"""Add the row of an image. No two images share a name, even with different extensions."""

from typing import Any

import sqlalchemy as sa

from imagehost.db.models import Image
from imagehost.domain.kinds import KINDS

IMAGES = Image.metadata.tables["images"]
INSERTED_COLUMNS = [column for column in IMAGES.c if column.name != "id"]
NAMESAKES = IMAGES.c.filename.in_([sa.bindparam(f"as_{kind}", type_=sa.Text) for kind in KINDS])
VALUES = sa.select(*(sa.bindparam(column.name, type_=column.type) for column in INSERTED_COLUMNS))
INSERT = (
    sa.insert(IMAGES)
    .from_select(INSERTED_COLUMNS, VALUES.where(~sa.exists().where(NAMESAKES)))
    .returning(IMAGES.c.id)
)
"""Check the name and add the row in one statement: an upload makes as few queries as possible."""


class NameTaken(Exception):
    """Another image already has the name, perhaps with another extension."""


def insert(connection: sa.Connection, row: dict[str, Any]) -> int:
    """Add a row and return its id. Raises NameTaken."""
    name = name_without_extension(row["filename"])
    namesakes = {f"as_{kind}": f"{name}.{kind}" for kind in KINDS}
    image_id: int | None = connection.execute(INSERT, {**row, **namesakes}).scalar_one_or_none()
    if image_id is None:
        raise NameTaken(row["filename"])
    return image_id


def reserve(connection: sa.Connection, filename: str) -> None:
    """Lock a name until the transaction ends: a second transaction with this name sees the row of the first.

    SQLite needs no lock, since it has one writer at a time. Random names need no lock either.
    """
    if connection.dialect.name == "postgresql":
        key = sa.func.hashtextextended(name_without_extension(filename), 0)
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


def name_without_extension(filename: str) -> str:
    """Return a filename without its extension."""
    return filename.partition(".")[0]
