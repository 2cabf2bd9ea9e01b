"""What a host has, and what of it a backup holds."""

import hashlib
import json
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from imagehost.extensions import db, settings
from tests import pictures
from tests.conftest import uploaded

IMAGES = sa.text("SELECT * FROM images ORDER BY id")
DAYS = sa.text("SELECT day, sum(images) FROM image_days GROUP BY day ORDER BY day")


def add_images(app: Flask, number: int, first: int = 0) -> list[str]:
    """Upload different pictures; give their filenames."""
    client = app.test_client()
    contents = [pictures.jpg(8 + first + index, 6) for index in range(number)]
    return [
        str(uploaded(client, content, f"photo {first + index}.jpg")["filename"])
        for index, content in enumerate(contents)
    ]


def everything(app: Flask) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]], dict[str, str]]:
    """All rows, the counts by day, and the hash of every image's bytes."""
    with app.app_context():
        rows = [tuple(row) for row in db.session.execute(IMAGES)]
        days = [(str(day), int(images)) for day, images in db.session.execute(DAYS)]
        db.session.rollback()
        folder = settings.images_dir
    return rows, days, hashes(folder)


def hashes(folder: Path) -> dict[str, str]:
    """The hash of every image in a folder of images, by path."""
    found = folder.glob("[a-z0-9][a-z0-9]/*")
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def lose_everything(app: Flask) -> None:
    """Drop all tables and all files."""
    import shutil

    with app.app_context():
        db.session.remove()
        with db.engine.begin() as connection:
            for table in sa.inspect(connection).get_table_names():
                connection.execute(sa.text(f"DROP TABLE {table}"))
        db.engine.dispose()
        shutil.rmtree(settings.images_dir)


def told(result) -> dict[str, object]:
    """What a command printed for scripts."""
    return json.loads(result.stdout)
