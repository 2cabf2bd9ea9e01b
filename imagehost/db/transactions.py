"""How a transaction that writes begins, and how one that read ends before its time."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from imagehost.db.engines import IMMEDIATE
from imagehost.extensions import db


@contextmanager
def writing() -> Iterator[sa.Connection]:
    """Lend a connection to write, whose first statement begins a transaction; the caller commits.

    SQLite waits for other writers there, not half-way. By a session it would all take a third more time.
    """
    # What was read before is over: nobody waits for a second connection while holding a first.
    db.session.remove()
    with db.engine.connect() as connection:
        yield connection.execution_options(**IMMEDIATE)


def end_reading() -> None:
    """Give the connection back before work that takes long; what was read stays as it is."""
    db.session.commit()
