"""Find rows whose file is lost or damaged, and drop rows without a file if that is requested."""

import logging
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import chain

import sqlalchemy as sa

from imagehost.db import counts
from imagehost.db.models import Image
from imagehost.db.rows_by_id import batches_by_id, row_exists
from imagehost.domain.errors import ImageHostError, NotFound, Unavailable
from imagehost.files import hashing
from imagehost.host import Host
from imagehost.operations import parallel
from imagehost.operations.cleanup.files import recorded
from imagehost.operations.cleanup.report import CleanupReport, Finding
from imagehost.operations.progress import Advance
from imagehost.storage.inventory import StoredFacts

ROWS_PER_QUERY = 1000
"""The number of rows that are read at a time."""
CHECKED_ROWS = sa.select(Image.id, Image.filename, Image.size, Image.sha256)

CheckedRow = sa.Row[int, str, int, str]
"""id, filename, size in bytes, sha256"""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Share:
    """The ``number``-th of ``parts`` equal parts of all images. An image is always in the same part."""

    number: int
    parts: int

    def holds(self, image_id: int) -> bool:
        """Tell whether an image is in this part."""
        return image_id % self.parts == self.number % self.parts


@dataclass(slots=True)
class Known:
    """The result of the check of all rows: their number, and filenames.

    ``lost`` are the images whose file is lost; ``alive`` are the doubted images that have a row and a file.
    """

    rows: int = 0
    lost: list[str] = field(default_factory=list)
    alive: set[str] = field(default_factory=set)


def check_rows(
    host: Host, report: CleanupReport, share: Share | None, doubted: Collection[str], advance: Advance
) -> Known:
    """Find lost files, damaged files (in a share), and those of ``doubted`` that have a row and a file.

    Rows are read by id, because a query by name may miss rows if the index of names is damaged.
    """
    known = Known()
    check = partial(problem, host, share)
    rows = chain.from_iterable(batches_by_id(host.database, CHECKED_ROWS, ROWS_PER_QUERY))
    for row, kind, reason in parallel.each(check, rows) if share else map(check, rows):
        known.rows += 1
        advance(1)
        if row.filename in doubted and kind is not Finding.MISSING:
            known.alive.add(row.filename)
            report_unindexed(host, report, row)
        # A deletion removes the row first. So if the row still exists, the file is really lost.
        if kind is None or not row_exists(host.database, row.id):
            continue
        report[kind].add(f"{row.filename}: {reason}" if reason else row.filename)
        if kind is Finding.MISSING:
            known.lost.append(row.filename)
            log.info("row without a file", extra={"image": row.filename})
        else:
            log.error("damaged file", extra={"image": row.filename, "reason": reason})
    return known


def report_unindexed(host: Host, report: CleanupReport, row: CheckedRow) -> None:
    """Report a row that is found by its id and not by its name, unless it was added or deleted meanwhile."""
    if not recorded(host, [row.filename]) and row_exists(host.database, row.id):
        report[Finding.UNINDEXED].add(row.filename)
        log.error("index damaged", extra={"image": row.filename})


def problem(host: Host, share: Share | None, row: CheckedRow) -> tuple[CheckedRow, Finding | None, str]:
    """Return the row, the finding about its file (None if there is no problem), and the reason or ""."""
    seen = host.storage.look_at(row.filename)
    if seen is None:
        return row, Finding.MISSING, ""
    reason = damage(host, row, seen) if share and share.holds(row.id) else ""
    return row, Finding.DAMAGED if reason else None, reason


def damage(host: Host, row: CheckedRow, seen: StoredFacts) -> str:
    """Return how a file is damaged, or an empty text. Raises Unavailable."""
    if not seen.is_file:
        return "it is not a file"
    if seen.size != row.size:
        return f"it has {seen.size} bytes, not {row.size}"
    try:
        with host.storage.open(row.filename) as file:
            digest = hashing.sha256(file)
    except NotFound:
        # It was deleted after the first check.
        return ""
    except (OSError, Unavailable) as error:
        if not host.storage.is_ready():
            raise Unavailable("storage") from error
        return f"it cannot be read ({error.__cause__ or error})"
    return "" if digest == row.sha256 else "its SHA-256 does not match"


def drop_rows(host: Host, report: CleanupReport, lost: list[str], advance: Advance) -> None:
    """Drop rows whose file is lost, each in its own transaction."""
    for filename in lost:
        if report.dry_run or drop_one(host, filename):
            report[Finding.MISSING].removed += 1
        advance(1)


def drop_one(host: Host, filename: str) -> bool:
    """Drop a row and reduce the count. Return False if the row is gone or the file exists after all."""
    statement = sa.delete(Image).where(Image.filename == filename)
    with host.database.writing() as connection:
        row = connection.execute(statement.returning(Image.original_name, Image.upload_time)).one_or_none()
        # If the volume was unmounted meanwhile, no row must be dropped.
        if row is None or host.storage.look_at(filename) or not host.storage.is_ready():
            return False
        counts.count_deletion(connection, row.upload_time.date())
        connection.commit()
    log.info("row without a file dropped", extra={"image": filename, "original_name": row.original_name})
    with suppress(ImageHostError):
        # This removes its renditions. If that fails, the next clean-up finds them.
        host.storage.delete(filename)
    return True
