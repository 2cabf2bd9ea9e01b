"""Folders that a person names, to import from or to export to."""

from pathlib import Path

from imagehost.extensions import settings
from imagehost.failures import Failure


def keep_apart(folder: Path) -> None:
    """Refuse a folder that the storage is in, or that is in the storage. Raises Failure."""
    stored = settings.images_dir.resolve()
    if folder.is_relative_to(stored) or stored.is_relative_to(folder):
        raise Failure(
            f"{folder} and the folder of the images, {stored}, lie in each other. Choose another one."
        )
