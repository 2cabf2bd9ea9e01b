"""The ids that a table gave, so that it never gives one twice: a stale page must not delete a newer image."""

import sqlalchemy as sa

SQLITE = sa.table("sqlite_sequence", sa.column("name"), sa.column("seq"))


def last_given(connection: sa.Connection, column: sa.Column[int]) -> int:
    """Tell the last id that was given, also where its row is gone."""
    highest = connection.scalar(sa.select(sa.func.max(column))) or 0
    if connection.dialect.name == "sqlite":
        query = sa.select(SQLITE.c.seq).where(SQLITE.c.name == column.table.name)
        return max(highest, connection.scalar(query) or 0)
    last = connection.scalar(sa.select(sa.func.pg_sequence_last_value(sequence_of(column))))
    return max(highest, last or 0)


def give_after(connection: sa.Connection, column: sa.Column[int], last: int) -> None:
    """Let the next id come after one; where there was none, all is as it should be."""
    if not last:
        return
    if connection.dialect.name == "sqlite":
        connection.execute(sa.delete(SQLITE).where(SQLITE.c.name == column.table.name))
        connection.execute(sa.insert(SQLITE).values(name=column.table.name, seq=last))
    else:
        connection.execute(sa.select(sa.func.setval(sequence_of(column), last)))


def sequence_of(column: sa.Column[int]) -> sa.Function[str]:
    """Name PostgreSQL's sequence of a column."""
    return sa.func.pg_get_serial_sequence(column.table.name, column.name)
