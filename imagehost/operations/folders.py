"""Folders that a person names, to import from or to export to."""

from pathlib import Path

from imagehost.domain.failures import Failure
from imagehost.extensions import settings


def keep_apart(folder: Path) -> None:
    """Refuse a folder that the storage is in, or that is in the storage. Raises Failure."""
    stored = settings.images_dir.resolve()
    if folder.is_relative_to(stored) or stored.is_relative_to(folder):
        raise Failure(
            f"{folder} and the folder of the images, {stored}, lie in each other. Choose another one."
        )


def keep_from_backups(folder: Path) -> None:
    """Refuse a backup, and a folder of backups, which has an image once a backup. Raises Failure.

    Other folders beside the backups are fine.
    """
    backups = settings.backup_dir.resolve()
    inside = folder.relative_to(backups).parts if folder.is_relative_to(backups) else ()
    if backups.is_relative_to(folder) or (inside and inside[0].startswith(("backup_", "."))):
        raise Failure(
            f"{folder} has backups of this host in it, or is of one. "
            "Name another folder, or restore: flask backup restore"
        )
