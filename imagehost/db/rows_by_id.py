"""Read the rows of images by id, in batches.

The order of ids, unlike that of text, is the same in every database. It is also right if an index is damaged.
"""

from collections.abc import Iterator, Sequence
from typing import TypeVarTuple

import sqlalchemy as sa

from imagehost.db.database import Database
from imagehost.db.models import Image

Columns = TypeVarTuple("Columns")


def batches_by_id(
    database: Database, statement: sa.Select[*Columns], size: int
) -> Iterator[Sequence[sa.Row[*Columns]]]:
    """Yield all images by id, in batches of at most ``size`` rows.

    Each batch is read in its own transaction, which ends before the batch is yielded. So later queries see
    later changes, and slow work with a batch does not hold a transaction open.

    Args:
        database: The database.
        statement: A SELECT of columns of ``Image``, among them ``id``.
        size: The number of rows in memory at once.
    """
    last = 0
    while rows := rows_after(database, statement, last, size):
        yield rows
        last = rows[-1].id


def rows_after(
    database: Database, statement: sa.Select[*Columns], last: int, size: int
) -> Sequence[sa.Row[*Columns]]:
    """Return the next rows after an id, at most ``size``; an empty sequence after the last row."""
    with database.reading() as session:
        return session.execute(statement.where(Image.id > last).order_by(Image.id).limit(size)).all()


def row_exists(database: Database, image_id: int) -> bool:
    """Tell whether the row of an image still exists."""
    with database.reading() as session:
        return session.scalar(sa.select(Image.id).where(Image.id == image_id)) is not None
