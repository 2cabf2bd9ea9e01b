"""The rows of an export: all that is known of each image."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from imagehost.db.models import Image
from imagehost.db.transactions import end_reading
from imagehost.extensions import db

Row = sa.Row[*tuple[Any, ...]]

BATCH = 256
COLUMNS = tuple(Image.__table__.columns)


def batches_of_rows() -> Iterator[list[Row]]:
    """Go through all images by id, a handful at a time; no transaction is open in between."""
    last = 0
    while rows := those_after(last):
        yield rows
        last = rows[-1].id


def those_after(last: int) -> list[Row]:
    """Read the next rows, or none, and end the transaction: what is asked later is to be seen as of then."""
    rows = list(
        db.session.execute(sa.select(*COLUMNS).where(Image.id > last).order_by(Image.id).limit(BATCH))
    )
    end_reading()
    return rows


def is_there(row: Row) -> bool:
    """Tell whether a row was not deleted meanwhile."""
    found = db.session.scalar(sa.select(Image.id).where(Image.id == row.id))
    end_reading()
    return found is not None
