"""Files that nothing speaks for: found, and removed after a second look."""

import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial

import sqlalchemy as sa

from imagehost.errors import Unavailable
from imagehost.extensions import db, storage
from imagehost.models import Image
from imagehost.services.batches import batches
from imagehost.services.cleanup.report import Kind, Report
from imagehost.services.progress import Advance
from imagehost.services.transactions import end_reading
from imagehost.storage.inventory import Item, Place

BATCH = 1000
"""Filenames that one query asks for."""
AT_ONCE = 100
"""Files that are removed between two looks at their rows."""

KINDS = {
    Place.IMAGE: Kind.ORPHAN,
    Place.RENDITION: Kind.RENDITION,
    Place.INCOMING: Kind.INCOMING,
    Place.DELETED: Kind.DELETED,
    Place.FOREIGN: Kind.FOREIGN,
}

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Found:
    """What is in the storage: how many images, how many of them with a row, and what may be removed."""

    images: int = 0
    recorded: int = 0
    garbage: list[Item] = field(default_factory=list)


def find(report: Report, before: float, advance: Advance) -> Found:
    """Find what nothing speaks for and did not change since ``before``."""
    found = Found()
    for shelf in storage.inventory():
        filenames = {item.image for item in shelf if item.place is Place.IMAGE}
        alive = recorded(filenames)
        found.images += len(filenames)
        found.recorded += len(alive)
        # Renditions stay with an image that has both row and file.
        found.garbage += filter(partial(judge, report, before), (i for i in shelf if i.image not in alive))
        advance(len(filenames))
    return found


def judge(report: Report, before: float, item: Item) -> bool:
    """Report what nothing speaks for, and tell whether it may be removed."""
    if item.place is Place.FOREIGN:
        report[Kind.FOREIGN].add(item.path)
        log.info("file of somebody else", extra={"path": item.path})
        return False
    size = removable(item, before)
    if size is not None:
        report[KINDS[item.place]].add(item.path, size)
    return size is not None


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


def sweep(report: Report, garbage: list[Item], before: float, advance: Advance) -> None:
    """Remove what was found, unless a row or a change has come meanwhile."""
    for some in batches(garbage, AT_ONCE):
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
