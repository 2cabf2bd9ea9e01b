"""File modes: what this program makes, and what older releases made, is closed to other users."""

import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path

from imagehost.config import Settings
from imagehost.ratelimit import FILE
from imagehost.storage.layout import MARKER
from imagehost.storage.owners import shut

UMASK = 0o027
LOGS = ("app.log", "access.log", "error.log")


def restrict() -> None:
    """Let all that this process and its children make be closed to others."""
    os.umask(UMASK)


def close_to_others(settings: Settings) -> None:
    """Take from others what older releases let them read. It is never an error, and quick on a large host.

    Images are not gone through: where others cannot enter their folder, they reach none. ``flask cleanup``,
    which looks at each anyway, corrects their own modes.
    """
    for path in ours(settings):
        shut(path)


def ours(settings: Settings) -> Iterator[Path]:
    """List what is certainly ours, by name: a folder that holds other things too stays as it is."""
    database = settings.database_url
    yield from beside(settings.instance_dir / FILE)
    yield settings.instance_dir / "secret_key"
    if database.get_backend_name() == "sqlite":
        yield from beside(settings.instance_dir / (database.database or ""))
    for name in LOGS:
        yield from chain([settings.log_dir / name], settings.log_dir.glob(f"{name}.*"))
    if (settings.images_dir / MARKER).exists():
        yield settings.images_dir
    with suppress(OSError):
        yield from settings.backup_dir.iterdir()


def beside(path: Path) -> list[Path]:
    """Name a file of SQLite's, and those that it has beside it."""
    return [path, *(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm", "-journal"))]
