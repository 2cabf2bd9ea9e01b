"""Separate databases for hosts that lose their tables."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import migrate
from tests.postgres import Postgres


@pytest.fixture(scope="session")
def template(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a migrated database without connections."""
    url = postgres.create("backups_template")
    migrate(url, tmp_path_factory.mktemp("template"))
    return "backups_template"


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_sqlite"), tmp_path / "imagehost.db")
        yield f"sqlite:///{tmp_path}/imagehost.db"
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    yield postgres.create("backed_up", request.getfixturevalue("template"))
    postgres.drop("backed_up")
