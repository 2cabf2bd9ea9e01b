"""Check the folders that an administrator imports from or exports to."""

from pathlib import Path

from imagehost.domain.failures import Failure
from imagehost.settings.definitions import Settings


def keep_apart(settings: Settings, folder: Path) -> None:
    """Raise Failure if a folder contains the storage or is in the storage."""
    stored = settings.images_dir.resolve()
    if folder.is_relative_to(stored) or stored.is_relative_to(folder):
        raise Failure(
            f"{folder} and the folder of the images, {stored}, must not contain one another. "
            "Choose another folder."
        )


def keep_from_backups(settings: Settings, folder: Path) -> None:
    """Raise Failure if a folder contains backups or is in a backup: all backups contain the same images.

    Other folders next to the backups are allowed.
    """
    backups = settings.backup_dir.resolve()
    inside = folder.relative_to(backups).parts if folder.is_relative_to(backups) else ()
    if backups.is_relative_to(folder) or (inside and inside[0].startswith(("backup_", "."))):
        raise Failure(
            f"{folder} contains backups of this host, or is part of one. "
            "Choose another folder. To restore a backup: flask backup restore"
        )
