"""Copy the last id that a table generated, so that no id is used twice.

Otherwise an old page in a browser could delete a newer image.
"""

import sqlalchemy as sa

SQLITE = sa.table("sqlite_sequence", sa.column("name"), sa.column("seq"))


def last_given(connection: sa.Connection, column: sa.Column[int]) -> int:
    """Return the last id that was generated, also if its row was deleted; 0 if there was none."""
    highest = connection.scalar(sa.select(sa.func.max(column))) or 0
    if connection.dialect.name == "sqlite":
        query = sa.select(SQLITE.c.seq).where(SQLITE.c.name == column.table.name)
        return max(highest, connection.scalar(query) or 0)
    last = connection.scalar(sa.select(sa.func.pg_sequence_last_value(sequence_of(column))))
    return max(highest, last or 0)


def give_after(connection: sa.Connection, column: sa.Column[int], last: int) -> None:
    """Let the next generated id be greater than ``last``. Nothing is done if ``last`` is 0."""
    if not last:
        return
    if connection.dialect.name == "sqlite":
        connection.execute(sa.delete(SQLITE).where(SQLITE.c.name == column.table.name))
        connection.execute(sa.insert(SQLITE).values(name=column.table.name, seq=last))
    else:
        connection.execute(sa.select(sa.func.setval(sequence_of(column), last)))


def sequence_of(column: sa.Column[int]) -> sa.Function[str]:
    """Return the name of PostgreSQL's sequence of a column."""
    return sa.func.pg_get_serial_sequence(column.table.name, column.name)
