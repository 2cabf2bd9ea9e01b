"""A host on one kind of database that moves to the other kind. Both databases have the same revision."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from imagehost import create_app
from imagehost.settings.database_url import normalise
from tests.applications import close
from tests.conftest import uploaded
from tests.postgres import Reusable


@pytest.fixture
def source_url(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> str:
    """Return an empty database of the other kind than ``database_url``."""
    if database_url.startswith("postgresql"):
        path = tmp_path / "old" / "imagehost.db"
        path.parent.mkdir()
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        return f"sqlite:///{path}"
    database: Reusable = request.getfixturevalue("migrated_postgres")
    return database.emptied()


@pytest.fixture
def old(source_url: str, tmp_path: Path) -> Iterator[Flask]:
    """Return the host on that database, with four images.

    Two others, one of them the newest, were deleted.
    """
    app = create_app(DATABASE_URL=source_url, INSTANCE_DIR=tmp_path, RATE_LIMIT_ENABLED=False)
    client = app.test_client()
    ids = [uploaded(client, name=f"Фото {number} '\"\\%.jpg")["id"] for number in range(6)]
    for image_id in (ids[1], ids[-1]):
        assert client.delete(f"/delete/{image_id}").status_code == 200
    yield app
    close(app)


def execute(url: str, statement: str) -> None:
    engine = sa.create_engine(normalise(url), poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text(statement))
