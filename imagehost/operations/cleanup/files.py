"""Find files that no row refers to, and remove them after a second check."""

import logging
from collections.abc import Collection
from dataclasses import dataclass, field

import sqlalchemy as sa

from imagehost.db.models import Image
from imagehost.domain.errors import Unavailable
from imagehost.host import Host
from imagehost.operations.batches import batches
from imagehost.operations.cleanup.report import CleanupReport, Finding
from imagehost.operations.progress import Advance
from imagehost.storage.inventory import StoredItem, StoredPlace

NAMES_PER_QUERY = 1000
"""The number of filenames in one query."""
AT_ONCE = 100
"""The number of files that are removed after one check of their rows."""

FINDINGS = {
    StoredPlace.IMAGE: Finding.ORPHAN,
    StoredPlace.RENDITION: Finding.RENDITION,
    StoredPlace.OUTDATED: Finding.RENDITION,
    StoredPlace.INCOMING: Finding.INCOMING,
    StoredPlace.DELETED: Finding.DELETED,
}

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Found:
    """The files in the storage: number of images, number of images with a row, removable items with sizes."""

    images: int = 0
    recorded: int = 0
    garbage: list[tuple[StoredItem, int]] = field(default_factory=list)

    def names(self) -> set[str]:
        """Return the filenames of images whose files or renditions may be removed."""
        return {item.image for item, _ in self.garbage if item.image}

    def spare(self, filenames: Collection[str]) -> None:
        """Remove the items of these images from the garbage, since they have a row after all."""
        spared = {item.image for item, _ in self.garbage if item.place is StoredPlace.IMAGE} & set(filenames)
        self.recorded += len(spared)
        self.garbage = [(item, size) for item, size in self.garbage if item.image not in filenames]


def find_garbage(host: Host, report: CleanupReport, before: float, advance: Advance) -> Found:
    """Find files that no row refers to and that have not changed since ``before`` (Unix seconds)."""
    found = Found()
    for shelf in host.storage.inventory():
        filenames = {item.image for item in shelf if item.place is StoredPlace.IMAGE}
        alive = recorded(host, filenames)
        found.images += len(filenames)
        found.recorded += len(alive)
        # Renditions are kept only if their image has both a row and a file.
        for item in shelf:
            if item.place is StoredPlace.FOREIGN:
                report[Finding.FOREIGN].add(item.path)
                log.info("unknown file in storage", extra={"path": item.path})
            elif item.image not in alive and (size := removable(host, item, before)) is not None:
                found.garbage.append((item, size))
        advance(len(filenames))
    return found


def report_garbage(report: CleanupReport, found: Found) -> None:
    """Add the files that no row refers to to the report."""
    for item, size in found.garbage:
        report[FINDINGS[item.place]].add(item.path, size)


def recorded(host: Host, filenames: Collection[str]) -> set[str]:
    """Return those filenames that have a row."""
    found: set[str] = set()
    for some in batches(filenames, NAMES_PER_QUERY):
        with host.database.reading() as session:
            found.update(session.scalars(sa.select(Image.filename).where(Image.filename.in_(some))))
    return found


def removable(host: Host, item: StoredItem, before: float) -> int | None:
    """Return an item's size in bytes, or None if it must not be removed.

    It must not if it is gone, is no file, or changed after ``before`` (Unix seconds): its row may still come.
    """
    seen = host.storage.look(item)
    if seen is None or not seen.is_file:
        return None
    # Deleted images are removed at any age: they get no row again.
    return seen.size if item.place is StoredPlace.DELETED or seen.changed < before else None


def remove_garbage(host: Host, report: CleanupReport, found: Found, before: float, advance: Advance) -> None:
    """Remove the files that were found, unless a row was added or the file was changed meanwhile.

    ``before`` is the time in Unix seconds after which a changed file is kept.
    """
    for some in batches((item for item, _ in found.garbage), AT_ONCE):
        filenames = {item.image for item in some if item.image}
        alive = recorded(host, [filename for filename in filenames if host.storage.look_at(filename)])
        for item in some:
            if item.image not in alive:
                remove_item(host, report, item, before)
        advance(len(some))


def remove_item(host: Host, report: CleanupReport, item: StoredItem, before: float) -> None:
    """Remove one item that has not changed since ``before`` (Unix seconds). In a dry run, only count it."""
    tally = report[FINDINGS[item.place]]
    size = removable(host, item, before)
    if size is None:
        return
    if not report.dry_run:
        try:
            host.storage.remove(item)
        except Unavailable as error:
            tally.failed += 1
            log.warning("file not removed", extra={"path": item.path, "reason": str(error.__cause__)})
            return
        log.info("file removed", extra={"path": item.path, "what": item.place.name.lower(), "size": size})
    tally.removed += 1
    report.freed += size
