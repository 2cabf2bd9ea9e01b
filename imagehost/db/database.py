"""The database of a host: how to read from it and how to write to it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from imagehost.db import engines
from imagehost.db.engines import IMMEDIATE
from imagehost.db.models import Base
from imagehost.domain.errors import ImageHostError


@dataclass(frozen=True, slots=True)
class Database:
    """An engine that was prepared by ``engines.tune``. Threads may share it."""

    engine: sa.Engine

    @classmethod
    def at(cls, url: sa.URL) -> "Database":
        """Return the database at a URL. It connects when it is first used."""
        engine = sa.create_engine(url, **engines.engine_options(url))
        engines.tune(engine)
        return cls(engine)

    @property
    def metadata(self) -> sa.MetaData:
        """The tables, for migrations."""
        return Base.metadata

    @property
    def is_postgresql(self) -> bool:
        """Whether this is PostgreSQL, and not SQLite."""
        return self.engine.dialect.name == "postgresql"

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session for a short read. Objects that were read remain usable after it.

        End it before long work and before writing: others need the connection.
        """
        session = Session(self.engine, expire_on_commit=False)
        try:
            yield session
        finally:
            # The connection may be lost by now. This is not an error, since everything was read.
            with suppress(ImageHostError):
                session.close()

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Open a connection for a transaction that writes. The caller commits.

        The first statement begins the transaction; on SQLite, it waits for other writers. A session would
        take a third more time.
        """
        with self.engine.connect() as connection:
            yield connection.execution_options(**IMMEDIATE)
