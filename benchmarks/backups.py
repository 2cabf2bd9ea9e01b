"""What backups cost: ``python -m benchmarks.backups [--images 10000] [--size 200000] [--postgresql]``.

Makes a host of its own with that many images of random bytes, and ten backups of it, ten new images before
each but the first. Beside them, ``cp -r`` of the same images and a flush of all to disk.
"""

import argparse
import hashlib
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import flask_migrate
import sqlalchemy as sa

from imagehost import create_app
from imagehost.extensions import db, settings, storage
from imagehost.models import Image
from imagehost.services import counting, naming
from imagehost.services.backups import making, verifying
from tests.postgres import Postgres

NEW = 10
BACKUPS = 10


def add(number: int, size: int) -> None:
    """Add rows and files as uploads would, but for looking at the pictures."""
    now = datetime.now(UTC)
    rows = []
    for _ in range(number):
        content = secrets.token_bytes(size)
        name = f"{naming.new_name()}.jpg"
        path = settings.images_dir / name[:2] / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        facts = {"original_name": "photo.jpg", "size": size, "upload_time": now, "file_type": "jpg"}
        shown = {"width": 1600, "height": 1200, "sha256": hashlib.sha256(content).hexdigest()}
        rows.append({"filename": name, **facts, **shown})
    db.session.execute(sa.insert(Image), rows)
    db.session.execute(counting.ADD, {"day": now.date(), "shard": 0, "change": number})
    db.session.commit()
    os.sync()


def occupied(folder: Path) -> int:
    """Bytes that a folder takes on its disk, each file once."""
    found = map(Path.lstat, folder.rglob("*"))
    return sum({(one.st_dev, one.st_ino): one.st_blocks * 512 for one in found}.values())


def timed(act: object) -> tuple[float, object]:
    """Do something; give the seconds that it took."""
    begin = time.perf_counter()
    result = act()
    return time.perf_counter() - begin, result


def copy(source: Path, target: Path) -> None:
    """Copy as an administrator would by hand."""
    subprocess.run(["cp", "-r", str(source), str(target)], check=True)
    os.sync()


def measure(images: int, size: int) -> None:
    """Make the host, then the backups, and print what each cost."""
    flask_migrate.upgrade()
    storage.initialise()
    add(images, size)
    kind = db.engine.dialect.name
    print(f"{images} images of {size} bytes on {kind}, {os.cpu_count()} cores")
    by_hand, _ = timed(lambda: copy(settings.images_dir, settings.backup_dir.with_name("copy")))
    shutil.rmtree(settings.backup_dir.with_name("copy"))
    print(f"{'cp -r and sync':<22} {by_hand:8.2f} s")
    used, times = 0, []
    for number in range(1, BACKUPS + 1):
        if number > 1:
            add(NEW, size)
        seconds, made = timed(making.create)
        now = occupied(settings.backup_dir)
        times.append(seconds)
        facts = made.manifest
        print(
            f"backup {number:<15} {seconds:8.2f} s {(now - used) / 1e6:10.2f} MB more "
            f"({facts.copied} copied, {facts.linked} linked)"
        )
        used = now
    seconds, problems = timed(lambda: verifying.verify(made.backup))
    print(f"{'verify':<22} {seconds:8.2f} s, {len(problems)} problems")
    later = median(times[1:]) / times[0]
    print(f"1st backup / cp -r: {times[0] / by_hand:.2f}; later ones / 1st: {later:.3f}")


def main() -> None:
    """Read the arguments, and clean up at the end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--size", type=int, default=200_000)
    parser.add_argument("--postgresql", action="store_true", help="on a server of its own, else on SQLite")
    options = parser.parse_args()
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="imagehost-bench-")))
        overrides = {"INSTANCE_DIR": folder, "LOG_LEVEL": "error"}
        if options.postgresql:
            server = Postgres()
            held.callback(server.remove)
            overrides["DATABASE_URL"] = server.create("bench")
        with create_app(**overrides).app_context():
            measure(options.images, options.size)
            db.session.remove()
            db.engine.dispose()


if __name__ == "__main__":
    main()
