"""The data of a host, to compare it before and after a restore."""

import hashlib
import json
import shutil
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from imagehost.host import Host
from tests import pictures
from tests.conftest import uploaded
from tests.rows import execute

IMAGES = sa.text("SELECT * FROM images ORDER BY id")
DAYS = sa.text("SELECT day, sum(images) FROM image_days GROUP BY day ORDER BY day")


def add_images(app: Flask, number: int, first: int = 0) -> list[str]:
    """Upload different pictures, and return their filenames."""
    client = app.test_client()
    contents = [pictures.jpg(8 + first + index, 6) for index in range(number)]
    return [
        str(uploaded(client, content, f"photo {first + index}.jpg")["filename"])
        for index, content in enumerate(contents)
    ]


def everything(host: Host) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]], dict[str, str]]:
    """Return all rows, the counts by day, and the hash of every image's bytes."""
    rows = [tuple(row) for row in execute(host, IMAGES)]
    days = [(str(day), int(images)) for day, images in execute(host, DAYS)]
    return rows, days, hashes(host.settings.images_dir)


def hashes(folder: Path) -> dict[str, str]:
    """Return the hash of every file in a folder of images, by path."""
    found = folder.glob("[a-z0-9][a-z0-9]/*")
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def lose_everything(host: Host) -> None:
    """Drop all tables and all files."""
    with host.database.engine.begin() as connection:
        for table in sa.inspect(connection).get_table_names():
            connection.execute(sa.text(f"DROP TABLE {table}"))
    host.database.engine.dispose()
    shutil.rmtree(host.settings.images_dir)


def told(result) -> dict[str, object]:
    """Return the JSON that a command printed."""
    return json.loads(result.stdout)
