"""Read the rows of an export, with all columns of each image."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from imagehost.db.models import Image
from imagehost.host import Host

Row = sa.Row[*tuple[Any, ...]]

BATCH = 256
COLUMNS = tuple(Image.__table__.columns)


def batches_of_rows(host: Host) -> Iterator[list[Row]]:
    """Yield all images by id, in batches. Between two batches no transaction is open."""
    last = 0
    while rows := export_rows_after(host, last):
        yield rows
        last = rows[-1].id


def export_rows_after(host: Host, last: int) -> list[Row]:
    """Return the next rows, or none. End the transaction, so that later queries see later changes."""
    statement = sa.select(*COLUMNS).where(Image.id > last).order_by(Image.id).limit(BATCH)
    with host.database.reading() as session:
        return list(session.execute(statement))


def row_exists(host: Host, row: Row) -> bool:
    """Tell whether a row still exists."""
    with host.database.reading() as session:
        return session.scalar(sa.select(Image.id).where(Image.id == row.id)) is not None
