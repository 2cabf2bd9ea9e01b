"""Restore a backup completely, or change nothing.

First, the bytes are added to the storage. Then the rows are replaced in one transaction. Last, the bytes of
images that have no row any more are removed.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from imagehost.domain.errors import ImageHostError
from imagehost.domain.failures import Failure, Undone
from imagehost.host import Host
from imagehost.operations.backups.catalogue import Backup, changing_backups
from imagehost.operations.backups.create import NewBackup, make_backup, prepare_storage
from imagehost.operations.backups.image_files import restore_images
from imagehost.operations.backups.manifest import Manifest, Origin, origin_of
from imagehost.operations.backups.reading import Contents
from imagehost.operations.backups.verify import UNKNOWN, verify_backup
from imagehost.operations.dumps.databases import database_state, filenames_without_row, own_dumper
from imagehost.operations.dumps.revisions import check_known
from imagehost.operations.dumps.snapshots import DatabaseState
from imagehost.operations.progress import Progress, silent
from imagehost.storage import Storage

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Restored:
    """The result of a restore.

    Args:
        backup: the backup.
        manifest: its manifest.
        safety: the backup of the former state; None on an empty host.
        added: number of images whose bytes were missing here, or damaged.
        removed: number of images that the backup does not have; the safety backup has them.
    """

    backup: Backup
    manifest: Manifest
    safety: NewBackup | None
    added: int
    removed: int


def restore_backup(
    host: Host,
    backup: Backup,
    *,
    replace: bool = False,
    foreign: bool = False,
    new_storage: bool = False,
    progress: Progress = silent,
) -> Restored:
    """Replace database and images with those of a backup.

    If the host has images, this needs ``replace`` and makes a safety backup first; a backup that this host
    did not sign needs ``foreign``, too. If the storage has no marker, this needs ``new_storage``. Raises
    Failure, Busy or Unavailable; in these cases, nothing is changed.
    """
    with ExitStack() as held:
        held.enter_context(changing_backups(host))
        contents = read_restorable(host, backup)
        state = database_state(host)
        if state and state.images:
            check_permission(state, origin_of(host, contents.manifest), replace=replace, foreign=foreign)
        check_whole(host, contents, progress)
        prepare_storage(host, state, new=new_storage)
        held.enter_context(host.storage.maintaining())
        # The safety backup may soon have the only copy of its bytes. So bytes that it shares with an earlier
        # backup are hashed.
        safety = make_backup(host, progress, trusted=False) if state and state.images else None
        expected = safety.state if safety else state
        added: list[str] = []
        with removing_after_error(host.storage, lambda _: added):
            restore_images(host.storage, contents, added, progress)
        with removing_after_error(host.storage, lambda error: without_row(host, added, error)):
            own_dumper(host).replace(backup.dump, expected, contents.manifest.counts)
        removed = 0
        if safety and not backup.database_only:
            removed = remove_others(host.storage, contents, Contents(safety.backup, safety.manifest))
    facts = {"images": contents.manifest.counts["images"], "added": len(added)}
    log.info("backup restored", extra={"backup": backup.name, **facts})
    return Restored(backup, contents.manifest, safety, len(added), removed)


def read_restorable(host: Host, backup: Backup) -> Contents:
    """Read a backup's manifest. Raises Failure if this host cannot restore the backup."""
    contents = Contents.of(backup)
    check_known(contents.manifest.revision)
    database, own = contents.manifest.database, own_dumper(host).kind
    if database != own:
        raise Failure(
            f"The backup is of a {database} database, but this host uses {own}. "
            f"Restore it on a host that uses {database}, then copy the database of that host to "
            "this one: flask db copy-from"
        )
    return contents


def check_permission(state: DatabaseState, origin: Origin, *, replace: bool, foreign: bool) -> None:
    """Raise Failure unless the administrator has requested to replace the host's images with this backup."""
    from_elsewhere = origin is not Origin.HERE
    if not replace:
        raise Failure(
            f"This host has {state.images} images. To make a safety backup of them and then replace them, "
            f"add --yes{' --foreign' if from_elsewhere and not foreign else ''}"
            + (f" (the backup is {origin.text})" if from_elsewhere else "")
        )
    if from_elsewhere and not foreign:
        raise Failure(
            f"This host has {state.images} images, and the backup is {origin.text}. "
            "If you trust the source of the backup, add --yes --foreign"
        )


def check_whole(host: Host, contents: Contents, progress: Progress) -> None:
    """Verify a backup before anything is changed. Raises Failure with the first problem."""
    # Images that were lost before the backup, and files of a file manager, do not prevent the restore.
    accepted = set(contents.manifest.problems())
    found = verify_backup(host, contents.backup, progress)
    problems = [problem for problem in found if problem not in accepted and not problem.endswith(UNKNOWN)]
    if problems:
        raise Failure(
            f"{contents.backup.name} is damaged. Nothing was changed. Problems: {len(problems)}. "
            f"The first one: {problems[0]}"
        )


@contextmanager
def removing_after_error(
    storage: Storage, filenames: Callable[[BaseException], Iterable[str]]
) -> Iterator[None]:
    """After an error, remove the images that ``filenames`` returns for it, and raise the error again."""
    try:
        yield
    except BaseException as error:
        # If that fails too, clean-up finds the images.
        with suppress(ImageHostError):
            for filename in filenames(error):
                storage.delete(filename)
        raise


def without_row(host: Host, added: list[str], error: BaseException) -> Iterable[str]:
    """Return the images that certainly have no row. After an error of a commit, the rows may exist."""
    if isinstance(error, Undone) or database_state(host):
        return filenames_without_row(host, added)
    return []


def remove_others(storage: Storage, contents: Contents, safety: Contents) -> int:
    """Remove the bytes of images that the safety backup has and the backup does not. Return their number."""
    manifest = contents.manifest
    # Keep the bytes of images that have a row in the backup, but no undamaged bytes.
    kept = {*(file.filename for file in contents.images()), *manifest.missing, *manifest.damaged}
    others = [file.filename for file in safety.images() if file.filename not in kept]
    for filename in others:
        storage.delete(filename)
    return len(others)
