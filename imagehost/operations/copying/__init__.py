"""Copying all rows of another database into this one: from SQLite to PostgreSQL, say."""

import logging

import sqlalchemy as sa

from imagehost.db.engines import IMMEDIATE
from imagehost.db.models import Base
from imagehost.domain.failures import Failure
from imagehost.extensions import db
from imagehost.operations.copying import sequences, source
from imagehost.operations.copying.checks import check_counts, check_empty, check_revisions, count
from imagehost.operations.progress import Advance, Progress, silent

BATCH = 1000
"""Rows that stand in memory at a time."""
TABLES = Base.metadata.sorted_tables
COUNTED = [table.autoincrement_column for table in TABLES if table.autoincrement_column is not None]
"""Columns whose values the database gives."""

log = logging.getLogger(__name__)


def copy_from(url: str, progress: Progress = silent) -> dict[str, int]:
    """Copy all rows of another database; give their number by table.

    In one transaction, into an empty database at the same revision. Raises Failure; nothing was changed then.
    """
    with (
        source.reading(url) as other,
        db.engine.connect().execution_options(**IMMEDIATE) as here,
        here.begin(),
    ):
        check_revisions(other, here)
        lock(here)
        check_empty(here, TABLES)
        counts = {table.name: count(other, table) for table in TABLES}
        with progress("rows", sum(counts.values())) as advance:
            for table in TABLES:
                copy_table(other, here, table, advance)
        check_counts(here, TABLES, counts)
        for column in COUNTED:
            sequences.give_after(here, column, sequences.last_given(other, column))
    log.info("database copied", extra=counts)
    return counts


def lock(here: sa.Connection) -> None:
    """Keep others from writing; SQLite does that by itself."""
    if here.dialect.name == "postgresql":
        here.execute(sa.text(f"LOCK TABLE {', '.join(table.name for table in TABLES)} IN EXCLUSIVE MODE"))


def copy_table(other: sa.Connection, here: sa.Connection, table: sa.Table, advance: Advance) -> None:
    """Copy the rows of a table, a handful at a time. Raises Failure where one does not fit."""
    found = other.execute(sa.select(table), execution_options={"yield_per": BATCH})
    for rows in found.mappings().partitions():
        try:
            here.execute(sa.insert(table), [dict(row) for row in rows])
        except (sa.exc.StatementError, ValueError) as error:
            reason = str(getattr(error, "orig", None) or error).partition("\n")[0]
            raise Failure(
                f"A row of {table.name} cannot be copied, and nothing was changed: {reason}"
            ) from error
        advance(len(rows))
