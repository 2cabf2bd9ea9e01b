"""Restoring a backup: all of it, or nothing is changed.

The bytes come first, beside what is there; then the rows, in one transaction; then what lost its row goes.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from imagehost.errors import ImageHostError, NotFound
from imagehost.extensions import storage
from imagehost.failures import Failure
from imagehost.services import hashing, parallel
from imagehost.services.backups import catalogue, databases, making, manifest, preparing, verifying
from imagehost.services.backups.catalogue import Backup
from imagehost.services.backups.manifest import Manifest
from imagehost.services.backups.revisions import check_known
from imagehost.services.progress import Progress, silent

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did. ``safety`` is the backup of what was there before; None on an empty host."""

    backup: Backup
    manifest: Manifest
    safety: Backup | None
    added: int
    """Images whose bytes were not here, or damaged."""
    removed: int
    """Images that the backup does not have; the safety backup has them."""


def restore(
    backup: Backup, *, replace: bool = False, new_storage: bool = False, progress: Progress = silent
) -> Restored:
    """Bring database and bytes to what a backup holds.

    Over a host that has images only with ``replace``, and after a safety backup; where the storage has no
    marker only with ``new_storage``. Raises Failure, Busy and Unavailable; nothing is changed then.
    """
    facts = checked(backup, progress)
    with ExitStack() as held:
        held.enter_context(catalogue.writing())
        state = databases.state()
        if state and state.images and not replace:
            raise Failure(
                f"This host has {state.images} images. To put the backup in their place, "
                "after a safety backup of them, say --yes"
            )
        preparing.prepare_storage(state, new=new_storage)
        held.enter_context(storage.maintaining())
        safety = making.make(progress) if state and state.images else None
        expected = safety.state if safety else state
        added: list[str] = []
        with taking_back(lambda: added):
            bring_bytes(backup, facts, added, progress)
        # The rows may have come back all the same: the answer to a commit can be lost.
        with taking_back(lambda: databases.without_row(added)):
            databases.live().replace(backup.dump, expected, facts.counts)
        removed = remove_others(backup, safety.backup) if safety and not backup.database_only else 0
    log.info(
        "backup restored",
        extra={"backup": backup.name, "images": facts.counts["images"], "added": len(added)},
    )
    return Restored(backup, facts, safety.backup if safety else None, len(added), removed)


def checked(backup: Backup, progress: Progress) -> Manifest:
    """Verify a backup before anything is touched. Raises Failure with the first problem."""
    facts = manifest.read(backup)
    check_known(facts.revision)
    here = databases.live().kind
    if facts.database != here:
        raise Failure(
            f"The backup is one of {facts.database}, and this host is on {here}. "
            "Restore it on a host like its own, then move that: flask db copy-from"
        )
    known = set(making.problems_of(facts))
    problems = [problem for problem in verifying.verify(backup, progress) if problem not in known]
    if problems:
        raise Failure(
            f"{backup.name} is damaged, and nothing was changed: {problems[0]} (of {len(problems)} problems)."
        )
    return facts


@contextmanager
def taking_back(names: Callable[[], Iterable[str]]) -> Iterator[None]:
    """Remove files again where what they were brought for fails."""
    try:
        yield
    except BaseException:
        # Where that cannot be told, they stay, and clean-up finds them.
        with suppress(ImageHostError):
            for filename in names():
                storage.delete(filename)
        raise


def bring_bytes(backup: Backup, facts: Manifest, added: list[str], progress: Progress) -> None:
    """Bring every image of a backup to the storage, unless it is there and sound."""
    if backup.database_only:
        return
    files = ((path, digest) for path, digest in manifest.sums(backup) if "/" in path)
    with progress("images", facts.copied + facts.linked) as advance:
        for _ in parallel.each(partial(bring, backup.path, added), files):
            advance(1)


def bring(folder: Path, added: list[str], file: tuple[str, str]) -> None:
    """Bring one image to the storage."""
    path, digest = file
    filename = path.rpartition("/")[2]
    found = stored_hash(filename)
    if found == digest:
        return
    with (folder / path).open("rb") as source, storage.receive(unlimited=True) as incoming:
        while block := source.read(hashing.BLOCK):
            incoming.write(block)
        if incoming.sha256 != digest:
            raise Failure(f"{path} of the backup is damaged. Nothing was changed.")
        incoming.flush_to_disk()
        if found is not None:
            # What is there is damaged, whatever becomes of the rest.
            storage.delete(filename)
        else:
            added.append(filename)
        storage.publish(incoming, filename)


def stored_hash(filename: str) -> str | None:
    """Hash what the storage has; None where it has nothing."""
    try:
        with storage.open(filename) as file:
            return hashing.sha256(file)
    except NotFound:
        return None


def remove_others(backup: Backup, safety: Backup) -> int:
    """Remove the bytes of images that were here before and are not in the backup."""
    kept = {path for path, _ in manifest.sums(backup)}
    others = [
        path.rpartition("/")[2] for path, _ in manifest.sums(safety) if "/" in path and path not in kept
    ]
    for filename in others:
        storage.delete(filename)
    return len(others)
