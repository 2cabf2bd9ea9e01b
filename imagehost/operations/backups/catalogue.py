"""The folder of backups: what is there by which name, and one writer at a time."""

import fcntl
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
from imagehost.extensions import settings
from imagehost.storage.disk import flush_folder

NAME = re.compile(r"backup_\d{4}-\d\d-\d\d_\d{6}(\.sql)?")
FORM = "backup_%Y-%m-%d_%H%M%S"
DRAFT = ".draft"
"""What is being made, or was when its maker was killed."""
SCRATCH = ".scratch-"
"""What a check needs for a while; it holds no lock."""
DAY = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Backup:
    """A whole backup: a folder, or a dump of the database alone."""

    path: Path

    @property
    def name(self) -> str:
        """What it is called, without the folder."""
        return self.path.name

    @property
    def made_at(self) -> datetime:
        """When its making began, in UTC."""
        return datetime.strptime(self.name.removesuffix(".sql"), FORM).replace(tzinfo=UTC)

    @property
    def database_only(self) -> bool:
        """Tell whether it has no images."""
        return self.path.suffix == ".sql"

    @property
    def dump(self) -> Path:
        """The database as SQL."""
        return self.path if self.database_only else self.path / "database.sql"

    @property
    def images(self) -> Path:
        """The folder of the bytes."""
        return self.path / "images"


def every() -> list[Backup]:
    """List the backups, oldest first."""
    with folder_errors():
        found = settings.backup_dir.resolve().iterdir() if settings.backup_dir.exists() else iter(())
        return sorted((Backup(path) for path in found if is_name(path.name)), key=lambda backup: backup.name)


def find(name: str) -> Backup:
    """Find a backup by its name, or one that lies elsewhere by its path. Raises Failure."""
    given = Path(name)
    path = given if given.name != name else settings.backup_dir / name
    if not is_name(path.name) or not path.exists():
        raise Failure(f"There is no backup {name}. What there is: flask backup list")
    return Backup(path.parent.resolve() / path.name)


def is_name(name: str) -> bool:
    """Tell whether a backup can be called so."""
    try:
        return bool(NAME.fullmatch(name) and datetime.strptime(name.removesuffix(".sql"), FORM))  # noqa: DTZ007  # only looked at
    except ValueError:
        return False


@contextmanager
def writing() -> Iterator[Path]:
    """Hold the folder of backups and give it; what a killed writer left is gone. Raises Busy."""
    with folder_errors():
        settings.backup_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(settings.backup_dir, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy from None
        drop_drafts()
        yield settings.backup_dir
    finally:
        os.close(lock)


def drop_drafts() -> None:
    """Remove what is half-made, and what a killed check left; only for whoever holds the folder."""
    for draft in settings.backup_dir.glob(f"{DRAFT}-backup_*"):
        remove(draft)
    for scratch in settings.backup_dir.glob(f"{SCRATCH}*"):
        if scratch.stat().st_mtime < time.time() - DAY:
            shutil.rmtree(scratch, ignore_errors=True)


def remove(path: Path) -> None:
    """Remove a backup or a draft, so that a half-removed one passes for nothing."""
    with folder_errors():
        if not path.is_dir() or path.is_symlink():
            path.unlink(missing_ok=True)
            return
        draft = path if path.name.startswith(DRAFT) else path.rename(path.with_name(f"{DRAFT}-{path.name}"))
        shutil.rmtree(draft)


@contextmanager
def drafting(suffix: str = "") -> Iterator[tuple[str, Path]]:
    """Give a new name, and where to make what it shall stand for; it gets the name when all is done."""
    name = new_name(suffix)
    draft = settings.backup_dir / f"{DRAFT}-{name}"
    try:
        yield name, draft
        # Once for all files: flushing each of ten thousand would take minutes.
        os.sync()
        draft.rename(settings.backup_dir / name)
        flush_folder(settings.backup_dir)
    except BaseException:
        remove(draft)
        raise


def new_name(suffix: str) -> str:
    """Name a backup by this second, or by the next that is free."""
    while True:
        name = datetime.now(UTC).strftime(FORM)
        if not any((settings.backup_dir / f"{name}{other}").exists() for other in ("", ".sql")):
            return name + suffix
        time.sleep(0.1)


@contextmanager
def folder_errors() -> Iterator[None]:
    """Turn the operating system's errors with the folder of backups into one line."""
    try:
        yield
    except OSError as error:
        where = error.filename or settings.backup_dir
        raise Failure(f"The backup cannot be written or read: {where}: {error.strerror}.") from error
