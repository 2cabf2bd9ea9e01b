"""Rows, files and counts of a host, read without the server."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from imagehost.settings.database_url import normalise


@contextmanager
def reading(url: str) -> Iterator[sa.Connection]:
    """Yield a separate connection to the database."""
    engine = sa.create_engine(normalise(url), poolclass=sa.NullPool)
    with engine.connect() as connection:
        yield connection


def rows(url: str) -> dict[str, str]:
    """Return the hash of every image that has a row, by filename."""
    with reading(url) as connection:
        return dict(connection.execute(sa.text("SELECT filename, sha256 FROM images")).all())


def files(folder: Path) -> dict[str, str]:
    """Return the hash of every file that nginx would serve, by filename."""
    found = (path for path in folder.glob("[a-z0-9][a-z0-9]/*"))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def hidden(folder: Path, kind: str) -> list[str]:
    """Return the files in one of the storage's dot-folders."""
    return sorted(path.name for path in (folder / kind).rglob("*") if path.is_file())


def days(url: str) -> tuple[dict[str, int], dict[str, int]]:
    """Return the number of images per day, as counted and according to the rows.

    Days without images are left out.
    """
    with reading(url) as connection:
        counted = connection.execute(sa.text("SELECT day, sum(images) FROM image_days GROUP BY day"))
        times = connection.execute(sa.text("SELECT upload_time FROM images")).scalars()
        by_rows = Counter(str(moment)[:10] for moment in times)
        return {str(day): int(images) for day, images in counted if images}, dict(by_rows)


def assert_exact(url: str, images_dir: Path, expected: dict[str, str] | None = None) -> None:
    """Assert that rows, files and counts agree, and that there are no other files."""
    recorded = rows(url)
    assert files(images_dir) == recorded
    assert hidden(images_dir, ".incoming") == []
    counted, by_rows = days(url)
    assert counted == by_rows
    if expected is not None:
        assert recorded == expected
