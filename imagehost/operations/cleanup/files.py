"""Files that nothing speaks for: found, and removed after a second look."""

import logging
from collections.abc import Collection
from dataclasses import dataclass, field

import sqlalchemy as sa

from imagehost.db.models import Image
from imagehost.db.transactions import end_reading
from imagehost.domain.errors import Unavailable
from imagehost.extensions import db, storage
from imagehost.operations.batches import batches
from imagehost.operations.cleanup.report import Kind, Report
from imagehost.operations.progress import Advance
from imagehost.storage.inventory import Item, Place

BATCH = 1000
"""Filenames that one query asks for."""
AT_ONCE = 100
"""Files that are removed between two looks at their rows."""

KINDS = {
    Place.IMAGE: Kind.ORPHAN,
    Place.RENDITION: Kind.RENDITION,
    Place.OUTDATED: Kind.RENDITION,
    Place.INCOMING: Kind.INCOMING,
    Place.DELETED: Kind.DELETED,
}

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Found:
    """What is in the storage: how many images, how many of these with a row, and what may go, with sizes."""

    images: int = 0
    recorded: int = 0
    garbage: list[tuple[Item, int]] = field(default_factory=list)

    def names(self) -> set[str]:
        """Give the images whose files or renditions may be removed."""
        return {item.image for item, _ in self.garbage if item.image}

    def spare(self, filenames: Collection[str]) -> None:
        """Take from it what belongs to images that have a row after all."""
        spared = {item.image for item, _ in self.garbage if item.place is Place.IMAGE} & set(filenames)
        self.recorded += len(spared)
        self.garbage = [(item, size) for item, size in self.garbage if item.image not in filenames]


def find(report: Report, before: float, advance: Advance) -> Found:
    """Find what nothing speaks for and did not change since ``before``."""
    found = Found()
    for shelf in storage.inventory():
        filenames = {item.image for item in shelf if item.place is Place.IMAGE}
        alive = recorded(filenames)
        found.images += len(filenames)
        found.recorded += len(alive)
        # Renditions stay with an image that has both row and file.
        for item in shelf:
            if item.place is Place.FOREIGN:
                report[Kind.FOREIGN].add(item.path)
                log.info("file of somebody else", extra={"path": item.path})
            elif item.image not in alive and (size := removable(item, before)) is not None:
                found.garbage.append((item, size))
        advance(len(filenames))
    return found


def tell(report: Report, found: Found) -> None:
    """Report what nothing speaks for."""
    for item, size in found.garbage:
        report[KINDS[item.place]].add(item.path, size)


def recorded(filenames: Collection[str]) -> set[str]:
    """Tell which of them have a row."""
    found: set[str] = set()
    for some in batches(filenames, BATCH):
        found.update(db.session.scalars(sa.select(Image.filename).where(Image.filename.in_(some))))
        # Others need the connection while files are looked at.
        end_reading()
    return found


def removable(item: Item, before: float) -> int | None:
    """Look at an item and give its size; None where it is gone, or so young that its row may yet come."""
    seen = storage.look(item)
    if seen is None or not seen.is_file:
        return None
    # What was deleted is never to come back.
    return seen.size if item.place is Place.DELETED or seen.changed < before else None


def sweep(report: Report, found: Found, before: float, advance: Advance) -> None:
    """Remove what was found, unless a row or a change has come meanwhile."""
    for some in batches((item for item, _ in found.garbage), AT_ONCE):
        filenames = {item.image for item in some if item.image}
        alive = recorded([filename for filename in filenames if storage.look_at(filename)])
        for item in some:
            if item.image not in alive:
                remove(report, item, before)
        advance(len(some))


def remove(report: Report, item: Item, before: float) -> None:
    """Remove one item, or say that it would be."""
    tally = report[KINDS[item.place]]
    size = removable(item, before)
    if size is None:
        return
    if not report.dry_run:
        try:
            storage.remove(item)
        except Unavailable as error:
            tally.failed += 1
            log.warning("file not removed", extra={"path": item.path, "reason": str(error.__cause__)})
            return
        log.info("file removed", extra={"path": item.path, "what": item.place.name.lower(), "size": size})
    tally.removed += 1
    report.freed += size
