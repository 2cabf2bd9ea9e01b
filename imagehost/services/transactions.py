"""How a transaction that writes begins, and how one that read ends before its time."""

from imagehost.database import IMMEDIATE
from imagehost.extensions import db


def begin_writing() -> None:
    """Begin a transaction as a writer: SQLite waits for others here, not half-way."""
    # What was read before belongs to a transaction that could not become a writer.
    db.session.rollback()
    db.session.connection(execution_options=IMMEDIATE)


def end_reading() -> None:
    """Give the connection back before work that takes long; what was read stays as it is."""
    db.session.commit()
