"""Copy all rows of another database into this one, for example from SQLite to PostgreSQL."""

import logging

import sqlalchemy as sa

from imagehost.db.database import Database
from imagehost.db.engines import IMMEDIATE
from imagehost.db.models import Base
from imagehost.domain.failures import Failure
from imagehost.operations.copying import sequences, source
from imagehost.operations.copying.checks import check_copied_counts, check_empty, check_revisions, count_rows
from imagehost.operations.progress import Advance, Progress, silent

COPIED_AT_ONCE = 1000
"""The number of rows in memory at a time."""
COPIED_TABLES = Base.metadata.sorted_tables
GENERATED_COLUMNS = [
    table.autoincrement_column for table in COPIED_TABLES if table.autoincrement_column is not None
]
"""The columns whose values the database generates."""

log = logging.getLogger(__name__)


def copy_database(database: Database, url: str, progress: Progress = silent) -> dict[str, int]:
    """Copy all rows of another database, and return their number by table.

    This database must be empty and at the same revision. All rows are copied in one transaction: if Failure
    is raised, nothing was changed.
    """
    with (
        source.reading(url) as other,
        database.engine.connect().execution_options(**IMMEDIATE) as here,
        here.begin(),
    ):
        check_revisions(other, here)
        lock_tables(here)
        check_empty(here, COPIED_TABLES)
        counts = {table.name: count_rows(other, table) for table in COPIED_TABLES}
        with progress("rows", sum(counts.values())) as advance:
            for table in COPIED_TABLES:
                copy_table(other, here, table, advance)
        check_copied_counts(here, COPIED_TABLES, counts)
        for column in GENERATED_COLUMNS:
            sequences.give_after(here, column, sequences.last_given(other, column))
    log.info("database copied", extra=counts)
    return counts


def lock_tables(here: sa.Connection) -> None:
    """Prevent other writes to the tables. On SQLite, the transaction itself does that."""
    if here.dialect.name == "postgresql":
        here.execute(
            sa.text(f"LOCK TABLE {', '.join(table.name for table in COPIED_TABLES)} IN EXCLUSIVE MODE")
        )


def copy_table(other: sa.Connection, here: sa.Connection, table: sa.Table, advance: Advance) -> None:
    """Copy the rows of a table in batches. Raises Failure if this database refuses a row."""
    found = other.execute(sa.select(table), execution_options={"yield_per": COPIED_AT_ONCE})
    for rows in found.mappings().partitions():
        try:
            here.execute(sa.insert(table), [dict(row) for row in rows])
        except (sa.exc.StatementError, ValueError) as error:
            reason = str(getattr(error, "orig", None) or error).partition("\n")[0]
            raise Failure(
                f"A row of {table.name} cannot be copied, and nothing was changed: {reason}"
            ) from error
        advance(len(rows))
