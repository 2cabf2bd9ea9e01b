"""The storage, before anything is taken from it or brought to it."""

from imagehost.domain.failures import Failure
from imagehost.extensions import settings, storage
from imagehost.operations.backups.snapshots import State


def prepare_storage(state: State | None, *, new: bool = False) -> None:
    """Set the storage up where it is new. Raises Failure where it may just not be mounted."""
    if storage.is_ready():
        return
    if state and state.images and not new:
        raise Failure(
            f"The storage has no marker: {settings.images_dir} is probably not mounted. "
            "If its images are lost, see docs/operations.md: restore a backup with --new-storage"
        )
    storage.initialise()
