"""Time and space of backups, compared with ``cp -r``: the first backup, later ones, and the verification.

For more images, on one database: ``python -m benchmarks.backups [--images 10000] [--size 200000]
[--postgresql]``.
"""

import argparse
import hashlib
import os
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import flask_migrate
import sqlalchemy as sa

from benchmarks import hosts
from benchmarks.measuring import Table, timed
from imagehost import create_app
from imagehost.db import counts
from imagehost.db.models import Image
from imagehost.domain import image_names
from imagehost.host import Host
from imagehost.operations.backups.catalogue import list_backups
from imagehost.operations.backups.create import create_backup
from imagehost.operations.backups.verify import verify_backup
from imagehost.web.binding import HOST

IMAGES = 1000
SIZE = 200_000
ROUNDS = 3
NEW = 10
LATER = 2
"""The number of backups after the first one, with ``NEW`` new images before each."""


def measure(
    images: int = IMAGES, size: int = SIZE, kinds: Sequence[str] = hosts.DATABASES, rounds: int = ROUNDS
) -> list[Table]:
    """Return a table for each database."""
    tables = []
    for kind in kinds:
        with filled(kind, images, size) as host:
            found = [one_round(host, size, turn) for turn in range(rounds)]
        table = Table(f"Backups of {images:,} images of {size // 1000} kB ({kind})")
        fill(table, {name: [one[name] for one in found] for name in found[0]})
        tables.append(table)
    return tables


def fill(table: Table, found: dict[str, list[float]]) -> None:
    """Add the lines of the table."""
    by_hand, first, later, check = (found[name] for name in ("copy", "first", "later", "verify"))
    table.add("`cp -r` of the images, and a flush of all to disk", by_hand, "s")
    table.add("first backup", first, "s")
    table.ratio("first backup, to `cp -r` and a flush", first, by_hand)
    table.ratio(f"later backup, with {NEW} new images, to the first", later, first)
    table.ratio("`flask backup verify`, which also restores the dump, to the first backup", check, first)
    table.add("space of a later backup in addition to its new images", found["later space"], "MB")


@contextmanager
def filled(kind: str, images: int, size: int) -> Iterator[Host]:
    """Fill a database and a storage with images of random bytes, and yield the host that uses both."""
    with hosts.empty_folder() as folder, hosts.database(kind, folder) as url:
        app = create_app(INSTANCE_DIR=folder, DATABASE_URL=url, LOG_LEVEL="error")
        with app.app_context():
            flask_migrate.upgrade()
        host: Host = app.extensions[HOST]
        host.storage.initialise()
        add(host, images, size)
        try:
            yield host
        finally:
            host.database.engine.dispose()


def add(host: Host, number: int, size: int) -> None:
    """Add rows and files like uploads, but without checking the pictures."""
    now = datetime.now(UTC)
    rows = []
    for _ in range(number):
        content = secrets.token_bytes(size)
        name = f"{image_names.new_name()}.jpg"
        path = host.settings.images_dir / name[:2] / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        facts = {"original_name": "photo.jpg", "size": size, "upload_time": now, "file_type": "jpg"}
        shown = {"width": 1600, "height": 1200, "sha256": hashlib.sha256(content).hexdigest()}
        rows.append({"filename": name, **facts, **shown})
    with host.database.engine.begin() as connection:
        connection.execute(sa.insert(Image), rows)
        connection.execute(counts.ADD, {"day": now.date(), "shard": 0, "change": number})
    os.sync()


def one_round(host: Host, size: int, turn: int) -> dict[str, float]:
    """Make and verify backups, and copy the images by hand.

    Return the seconds of each step, and the space in MB.
    """
    acts: dict[str, Callable[[], float]] = {
        "copy": lambda: copy(host),
        "first": lambda: timed(lambda: create_backup(host)),
    }
    # Alternate the order, so that a disk that becomes slower affects both in the same way.
    found = {name: acts[name]() for name in list(acts)[:: -1 if turn % 2 else 1]}
    later, space = [], []
    for _ in range(LATER):
        add(host, NEW, size)
        before = occupied(host.settings.backup_dir)
        later.append(timed(lambda: create_backup(host)))
        space.append((occupied(host.settings.backup_dir) - before - NEW * size) / 1e6)
    found |= {
        "later": sum(later) / LATER,
        "verify": timed(lambda: verify(host)),
        "later space": sum(space) / LATER,
    }
    remove(host.settings.backup_dir)
    return found


def verify(host: Host) -> None:
    """Verify the newest backup, and raise an error if it is damaged."""
    problems = verify_backup(host, list_backups(host)[-1])
    if problems:
        raise RuntimeError(f"the backup is not whole: {problems}")


def copy(host: Host) -> float:
    """Copy the images as an administrator would do by hand, and return the seconds."""
    target = host.settings.backup_dir.with_name("copy")

    def by_hand() -> None:
        subprocess.run(["cp", "-r", host.settings.images_dir, target], check=True)
        os.sync()

    seconds = timed(by_hand)
    remove(target)
    return seconds


def remove(folder: Path) -> None:
    """Remove a folder, for example that of the backups, so that the next backup is a first one again."""
    shutil.rmtree(folder)
    os.sync()


def occupied(folder: Path) -> int:
    """Return the bytes that a folder takes on its disk. A file with several links is counted once."""
    found = map(Path.lstat, folder.rglob("*"))
    return sum({(one.st_dev, one.st_ino): one.st_blocks * 512 for one in found}.values())


def main() -> None:
    """Read the arguments, and print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--size", type=int, default=SIZE)
    parser.add_argument("--postgresql", action="store_true", help="on a server of its own, else on SQLite")
    options = parser.parse_args()
    kind = "postgresql" if options.postgresql else "sqlite"
    for table in measure(options.images, options.size, [kind], rounds=1):
        print(table.markdown())


if __name__ == "__main__":
    main()
