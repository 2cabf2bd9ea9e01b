"""The folder of backups: list, find, add and remove backups. One process at a time may change it."""

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from imagehost.domain.failures import Busy, Failure
from imagehost.files.atomic_files import flush_folder
from imagehost.files.locks import Locked, locked_folder
from imagehost.host import Host
from imagehost.operations.dumps.sqlite import SCRATCH

BACKUP_NAME = re.compile(r"backup_\d{4}-\d\d-\d\d_\d{6}(\.sql)?")
BACKUP_NAME_FORMAT = "backup_%Y-%m-%d_%H%M%S"
UNFINISHED = ".draft-backup_"
"""The prefix of the name of a backup that is being made, or was being made when its process was killed."""
SECONDS_TO_KEEP_SCRATCH = 24 * 60 * 60
"""A verification holds no lock, so its files are removed only when they are old."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup: a folder, or a file that is a dump of the database alone."""

    path: Path

    @property
    def name(self) -> str:
        """The name of the backup, without the folder."""
        return self.path.name

    @property
    def made_at(self) -> datetime:
        """The time when making it began, in UTC."""
        return datetime.strptime(self.name.removesuffix(".sql"), BACKUP_NAME_FORMAT).replace(tzinfo=UTC)

    @property
    def database_only(self) -> bool:
        """Whether it has no images."""
        return self.path.suffix == ".sql"

    @property
    def dump(self) -> Path:
        """The path of the dump of the database, as SQL."""
        return self.path if self.database_only else self.path / "database.sql"


def list_backups(host: Host) -> list[Backup]:
    """Return the backups of a host, oldest first. Raises Failure."""
    with backup_errors():
        folder = host.settings.backup_dir
        found = folder.resolve().iterdir() if folder.exists() else iter(())
        return sorted((Backup(path) for path in found if is_backup_name(path.name)), key=lambda one: one.name)


def find_backup(host: Host, name: str) -> Backup:
    """Return a backup of the host by its name, or a backup in another folder by its path. Raises Failure."""
    given = Path(name)
    path = given if given.name != name else host.settings.backup_dir / name
    if not is_backup_name(path.name) or not path.exists():
        raise Failure(f"There is no backup {name}. To list all backups: flask backup list")
    return Backup(path.parent.resolve() / path.name)


def is_backup_name(name: str) -> bool:
    """Tell whether a name is a valid name of a backup."""
    try:
        return bool(
            BACKUP_NAME.fullmatch(name) and datetime.strptime(name.removesuffix(".sql"), BACKUP_NAME_FORMAT)  # noqa: DTZ007  # only checked
        )
    except ValueError:
        return False


@contextmanager
def changing_backups(host: Host) -> Iterator[None]:
    """Lock the folder of backups, and remove leftovers of killed processes. Raises Busy or Failure."""
    folder = host.settings.backup_dir
    with backup_errors():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with locked_folder(folder, seconds=0):
            remove_leftovers(folder)
            yield
    except Locked:
        raise Busy from None


def remove_leftovers(folder: Path) -> None:
    """Remove unfinished backups, and old files of verifications. Needs the lock of the folder."""
    for unfinished in folder.glob(f"{UNFINISHED}*"):
        remove_backup(unfinished)
    for scratch in folder.glob(f"{SCRATCH}*"):
        if scratch.stat().st_mtime < time.time() - SECONDS_TO_KEEP_SCRATCH:
            shutil.rmtree(scratch, ignore_errors=True)


def remove_backup(path: Path) -> None:
    """Remove a backup. If that is interrupted, the rest counts as unfinished. Raises Failure."""
    with backup_errors():
        if not path.is_dir() or path.is_symlink():
            path.unlink(missing_ok=True)
            return
        if not path.name.startswith(UNFINISHED):
            path = path.rename(path.with_name(f".draft-{path.name}"))
        shutil.rmtree(path)


@contextmanager
def new_backup(host: Host, suffix: str = "") -> Iterator[tuple[Backup, Path]]:
    """Choose the name of a new backup. It gets its name when the block ends without an error.

    Yields:
        The backup, and the path at which to make it.
    """
    folder = host.settings.backup_dir
    backup = Backup(folder.resolve() / unused_name(host, suffix))
    unfinished = backup.path.with_name(f".draft-{backup.name}")
    try:
        yield backup, unfinished
        # One sync for all files: it would take minutes to flush ten thousand files one by one.
        os.sync()
        unfinished.rename(backup.path)
        flush_folder(folder)
    except BaseException:
        remove_backup(unfinished)
        raise


def unused_name(host: Host, suffix: str) -> str:
    """Return a name for a backup that is made now. Wait for the next second if the name is taken."""
    while True:
        name = host.clock().strftime(BACKUP_NAME_FORMAT)
        if not any((host.settings.backup_dir / f"{name}{other}").exists() for other in ("", ".sql")):
            return name + suffix
        time.sleep(0.1)


@contextmanager
def backup_errors() -> Iterator[None]:
    """Convert errors of the operating system with the folder of backups to Failure."""
    try:
        yield
    except OSError as error:
        where = error.filename or "the folder of backups"
        raise Failure(f"The backup cannot be written or read: {where}: {error.strerror}.") from error
