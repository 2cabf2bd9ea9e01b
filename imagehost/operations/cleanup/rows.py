"""Rows whose file is lost or damaged: found, and the lost ones dropped on demand."""

import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import sqlalchemy as sa

from imagehost.db import counts
from imagehost.db.models import Image
from imagehost.db.transactions import end_reading, writing
from imagehost.domain.errors import ImageHostError, NotFound, Unavailable
from imagehost.extensions import db, storage
from imagehost.files import hashing
from imagehost.operations import parallel
from imagehost.operations.cleanup.files import recorded
from imagehost.operations.cleanup.report import Kind, Report
from imagehost.operations.progress import Advance
from imagehost.storage.inventory import Look

BATCH = 1000
"""Rows that are read at a time."""

Row = sa.Row[int, str, int, str]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Share:
    """The ``number``-th of so many equal parts of all images; an image is always in the same one."""

    number: int
    parts: int

    def holds(self, image_id: int) -> bool:
        """Tell whether an image is in it."""
        return image_id % self.parts == self.number % self.parts


@dataclass(slots=True)
class Known:
    """What the rows told: how many there are, whose file is lost, and who of some has one."""

    rows: int = 0
    lost: list[str] = field(default_factory=list)
    alive: set[str] = field(default_factory=set)


def find(report: Report, share: Share | None, doubted: Collection[str], advance: Advance) -> Known:
    """Find what is lost, and in a share what is damaged, and who of the ``doubted`` has a row and a file.

    By id, as a look by name may miss rows where the index of names is damaged.
    """
    known = Known()
    check = partial(problem, share)
    for row, kind, reason in parallel.each(check, every()) if share else map(check, every()):
        known.rows += 1
        advance(1)
        if row.filename in doubted and kind is not Kind.MISSING:
            known.alive.add(row.filename)
            report_unindexed(report, row)
        # A deletion takes the row first: where it is still there, the file is really lost.
        if kind is None or not is_there(row):
            continue
        report[kind].add(f"{row.filename}: {reason}" if reason else row.filename)
        if kind is Kind.MISSING:
            known.lost.append(row.filename)
            log.info("row without a file", extra={"image": row.filename})
        else:
            log.error("damaged file", extra={"image": row.filename, "reason": reason})
    return known


def is_there(row: Row) -> bool:
    """Tell whether a row is still there."""
    found = db.session.scalar(sa.select(Image.id).where(Image.id == row.id))
    end_reading()
    return found is not None


def report_unindexed(report: Report, row: Row) -> None:
    """Report a row that is found by its id and not by its name; one that came or went meanwhile is sound."""
    if not recorded([row.filename]) and is_there(row):
        report[Kind.UNINDEXED].add(row.filename)
        log.error("index damaged", extra={"image": row.filename})


def every() -> Iterator[Row]:
    """Go through all rows by id, whose order, unlike that of text, is the same in every database."""
    last = 0
    while rows := those_after(last):
        yield from rows
        last = rows[-1].id


def those_after(last: int) -> Sequence[Row]:
    """Read the next rows, or none, and end the transaction: what is asked later is to be seen as of then."""
    columns = (Image.id, Image.filename, Image.size, Image.sha256)
    statement = sa.select(*columns).where(Image.id > last).order_by(Image.id).limit(BATCH)
    rows = db.session.execute(statement).all()
    end_reading()
    return rows


def problem(share: Share | None, row: Row) -> tuple[Row, Kind | None, str]:
    """Say what is wrong with a row's file."""
    seen = storage.look_at(row.filename)
    if seen is None:
        return row, Kind.MISSING, ""
    reason = damage(row, seen) if share and share.holds(row.id) else ""
    return row, Kind.DAMAGED if reason else None, reason


def damage(row: Row, seen: Look) -> str:
    """Say how a file is damaged, if it is."""
    if not seen.is_file:
        return "it is not a file"
    if seen.size != row.size:
        return f"it has {seen.size} bytes, not {row.size}"
    try:
        with storage.open(row.filename) as file:
            digest = hashing.sha256(file)
    except NotFound:
        # Deleted since it was looked at.
        return ""
    except (OSError, Unavailable) as error:
        if not storage.is_ready():
            raise Unavailable("storage") from error
        return f"it cannot be read ({error.__cause__ or error})"
    return "" if digest == row.sha256 else "its SHA-256 is another"


def drop(report: Report, lost: list[str], advance: Advance) -> None:
    """Drop rows whose file is lost, each in a transaction of its own."""
    for filename in lost:
        if report.dry_run or drop_one(filename):
            report[Kind.MISSING].removed += 1
        advance(1)


def drop_one(filename: str) -> bool:
    """Drop a row and what is counted of it, unless it or its file turns out otherwise meanwhile."""
    statement = sa.delete(Image).where(Image.filename == filename)
    with writing() as connection:
        row = connection.execute(statement.returning(Image.original_name, Image.upload_time)).one_or_none()
        # A volume that went away in between loses no row.
        if row is None or storage.look_at(filename) or not storage.is_ready():
            return False
        counts.count_deletion(connection, row.upload_time.date())
        connection.commit()
    log.info("row without a file dropped", extra={"image": filename, "original_name": row.original_name})
    with suppress(ImageHostError):
        # Its renditions; any that are left, the next clean-up finds.
        storage.delete(filename)
    return True
