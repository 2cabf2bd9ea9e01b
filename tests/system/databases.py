"""Databases for real servers."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.postgres import Postgres


@contextmanager
def fresh_database(request: pytest.FixtureRequest, folder: Path, name: str) -> Iterator[str]:
    """Yield the address of a new database of the kind that the fixture's parameter names."""
    if request.param == "sqlite":
        yield f"sqlite:///{folder}/imagehost.db"
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    yield postgres.create(name)
    postgres.drop(name)
