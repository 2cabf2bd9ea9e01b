"""Close the files of this program to other users, including the files that older releases made."""

import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path

from imagehost.files.ownership import shut
from imagehost.limits.counters import COUNTERS_FILE
from imagehost.settings.definitions import Settings
from imagehost.storage.layout import MARKER

UMASK = 0o027
LOGS = ("app.log", "access.log", "error.log")
BACKUPS = ("backup_*", ".draft-backup_*", ".scratch-*", ".checks", "schedule.json")
"""The entries of ``BACKUP_DIR`` that ``operations.backups`` makes."""


def set_umask() -> None:
    """Close all new files of this process and its children to other users."""
    os.umask(UMASK)


def close_to_others(settings: Settings) -> None:
    """Remove the rights of other users on files of older releases. Never raises; quick on a large host.

    The modes of images are not changed: users who cannot enter the folder of images cannot open any of them.
    ``flask cleanup``, which visits each image anyway, corrects these modes.
    """
    for path in ours(settings):
        shut(path)


def ours(settings: Settings) -> Iterator[Path]:
    """Yield paths that certainly belong to this program, without folders that may also hold other files."""
    database = settings.database_url
    yield from database_files(settings.instance_dir / COUNTERS_FILE)
    yield settings.instance_dir / "secret_key"
    if database.get_backend_name() == "sqlite":
        yield from database_files(settings.instance_dir / (database.database or ""))
    for name in LOGS:
        yield from chain([settings.log_dir / name], settings.log_dir.glob(f"{name}.*"))
    if (settings.images_dir / MARKER).exists():
        yield settings.images_dir
    with suppress(OSError):
        for name in BACKUPS:
            yield from settings.backup_dir.glob(name)


def database_files(path: Path) -> list[Path]:
    """Return the path of an SQLite file and of the files that SQLite makes next to it."""
    return [path, *(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm", "-journal"))]
