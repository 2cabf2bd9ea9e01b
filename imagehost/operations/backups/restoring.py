"""Restoring a backup: all of it, or nothing is changed.

The bytes come first, beside what is there; then the rows, in one transaction; then what lost its row goes.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from imagehost.domain.errors import ImageHostError
from imagehost.domain.failures import Failure, Undone
from imagehost.extensions import storage
from imagehost.operations.backups import (
    bringing,
    catalogue,
    databases,
    making,
    manifest,
    preparing,
    signing,
    verifying,
)
from imagehost.operations.backups.catalogue import Backup
from imagehost.operations.backups.manifest import Manifest
from imagehost.operations.backups.revisions import check_known
from imagehost.operations.backups.signing import Origin
from imagehost.operations.backups.snapshots import State
from imagehost.operations.backups.verifying import STRANGE
from imagehost.operations.progress import Progress, silent

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did. ``safety`` is the backup of what was there before; None on an empty host."""

    backup: Backup
    manifest: Manifest
    safety: making.Made | None
    added: int
    """Images whose bytes were not here, or damaged."""
    removed: int
    """Images that the backup does not have; the safety backup has them."""


def restore(
    backup: Backup,
    *,
    replace: bool = False,
    foreign: bool = False,
    new_storage: bool = False,
    progress: Progress = silent,
) -> Restored:
    """Bring database and bytes to what a backup holds.

    If the host has images, this needs ``replace`` and makes a safety backup first; a backup that this host
    did not sign needs ``foreign``, too. If the storage has no marker, this needs ``new_storage``. Raises
    Failure, Busy and Unavailable; nothing is changed then.
    """
    with ExitStack() as held:
        held.enter_context(catalogue.writing())
        facts = readable(backup)
        state = databases.state()
        if state and state.images:
            check_wish(state, signing.origin(facts), replace=replace, foreign=foreign)
        check(backup, facts, progress)
        preparing.prepare_storage(state, new=new_storage)
        held.enter_context(storage.maintaining())
        # Its bytes may soon be the only ones: what it shares with an earlier backup is looked at.
        safety = making.make(progress, trusting=False) if state and state.images else None
        expected = safety.state if safety else state
        added: list[str] = []
        with taking_back(lambda _: added):
            bringing.bring_all(backup, facts, added, progress)
        with taking_back(lambda error: unrecorded(added, error)):
            databases.live().replace(backup.dump, expected, facts.counts)
        removed = remove_others(backup, facts, safety.backup) if safety and not backup.database_only else 0
    log.info(
        "backup restored",
        extra={"backup": backup.name, "images": facts.counts["images"], "added": len(added)},
    )
    return Restored(backup, facts, safety, len(added), removed)


def readable(backup: Backup) -> Manifest:
    """Read a backup's manifest. Raises Failure if this host cannot restore it."""
    facts = manifest.read(backup)
    check_known(facts.revision)
    here = databases.live().kind
    if facts.database != here:
        raise Failure(
            f"The backup is one of {facts.database}, and this host is on {here}. "
            "Restore it on a host like its own, then move that: flask db copy-from"
        )
    return facts


def check_wish(state: State, origin: Origin, *, replace: bool, foreign: bool) -> None:
    """Raise Failure unless the administrator has asked to replace the host's images by this backup."""
    strange = origin is not Origin.HERE
    if not replace:
        raise Failure(
            f"This host has {state.images} images. To put the backup in their place, "
            f"after a safety backup of them, say --yes{' --foreign' if strange and not foreign else ''}"
            + (f" (the backup is {origin.text})" if strange else "")
        )
    if strange and not foreign:
        raise Failure(
            f"This host has {state.images} images, and the backup is {origin.text}. "
            "If you know where it comes from, say --yes --foreign"
        )


def check(backup: Backup, facts: Manifest, progress: Progress) -> None:
    """Verify a backup before anything is touched. Raises Failure with the first problem."""
    # Neither what was lost before nor what a file manager left keeps the rest from coming back.
    known = set(making.problems_of(facts))
    found = verifying.verify(backup, progress)
    problems = [problem for problem in found if problem not in known and not problem.endswith(STRANGE)]
    if problems:
        raise Failure(
            f"{backup.name} is damaged, and nothing was changed: {problems[0]} (of {len(problems)} problems)."
        )


@contextmanager
def taking_back(names: Callable[[BaseException], Iterable[str]]) -> Iterator[None]:
    """Remove files again where what they were brought for fails."""
    try:
        yield
    except BaseException as error:
        # Where that cannot be told, they stay, and clean-up finds them.
        with suppress(ImageHostError):
            for filename in names(error):
                storage.delete(filename)
        raise


def unrecorded(added: list[str], error: BaseException) -> Iterable[str]:
    """Tell which files have no row: rows may be there all the same, as the answer to a commit can be lost."""
    if isinstance(error, Undone):
        return databases.without_row(added)
    return databases.without_row(added) if databases.state() else []


def remove_others(backup: Backup, facts: Manifest, safety: Backup) -> int:
    """Remove the bytes of images that were here before and have no row any more."""
    # Those that the backup had rows of, and no bytes, are here again, it seems.
    kept = {
        *map(bringing.name_of, (path for path, _ in manifest.sums(backup))),
        *facts.missing,
        *facts.damaged,
    }
    before = (bringing.name_of(path) for path, _ in manifest.sums(safety) if "/" in path)
    others = [filename for filename in before if filename not in kept]
    for filename in others:
        storage.delete(filename)
    return len(others)
