"""Export all images under their original names, with a table of their rows."""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from imagehost.db import counts
from imagehost.db.models import Image
from imagehost.db.rows_by_id import batches_by_id, row_exists
from imagehost.domain.errors import Unavailable
from imagehost.domain.failures import Failure
from imagehost.host import Host
from imagehost.operations.exporting import journal, sheet
from imagehost.operations.exporting.journal import LAST, ExportJournal
from imagehost.operations.exporting.one_image import IMAGE_DRAFT, ExportedRow, copy_image_out, folder_errors
from imagehost.operations.exporting.sheet import Write
from imagehost.operations.folders import keep_apart
from imagehost.operations.journals import resumable
from imagehost.operations.progress import Progress, silent

__all__ = ["ExportResult", "export_to"]

EXPORTED_AT_ONCE = 256
"""The number of rows in memory at a time."""
EXPORTED_COLUMNS = tuple(Image.__table__.columns)
"""The columns of the table: all columns of an image."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class ExportResult:
    """The number of exported images, and the problems of all others by filename."""

    exported: int = 0
    problems: dict[str, str] = field(default_factory=dict)


def export_to(host: Host, folder: Path, progress: Progress = silent) -> ExportResult:
    """Copy all images to a folder. An interrupted export is continued. Raises Failure, Unavailable."""
    folder = folder.resolve()
    keep_apart(host.settings, folder)
    if not host.storage.is_ready():
        raise Unavailable("storage")
    outcome = ExportResult()
    with resumable(), folder_errors(folder):
        prepare(folder)
        export_images(host, folder, outcome, progress)
        (folder / IMAGE_DRAFT).unlink(missing_ok=True)
        # Without the sync, a power failure could destroy exported files after the journal was removed, and
        # nobody would notice it.
        os.sync()
        if not outcome.problems:
            (folder / journal.JOURNAL_FILE).unlink()
    facts = {"folder": str(folder), "exported": outcome.exported, "problems": len(outcome.problems)}
    log.info("images exported", extra=facts)
    return outcome


def prepare(folder: Path) -> None:
    """Make the folder. Raises Failure if it contains anything except an interrupted export."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / journal.JOURNAL_FILE).is_file() and any(folder.iterdir()):
        raise Failure(f"{folder} is not empty. Choose a new or empty folder.")


def export_images(host: Host, folder: Path, outcome: ExportResult, progress: Progress) -> None:
    """Copy all images and write the table."""
    with host.database.reading() as session:
        total = counts.total(session)
    columns = ["file", *(column.name for column in EXPORTED_COLUMNS)]
    with (
        journal.open_export_journal(folder) as notes,
        sheet.writing(folder, columns) as write,
        progress("images", total) as advance,
    ):
        last = 0
        for rows in batches_by_id(host.database, sa.select(*EXPORTED_COLUMNS), EXPORTED_AT_ONCE):
            export_rows(host, rows, folder, notes, write, outcome)
            remove_exported(folder, notes, last, rows[-1].id, rows)
            last = rows[-1].id
            advance(len(rows))
        remove_exported(folder, notes, last, LAST, [])


def export_rows(
    host: Host,
    rows: Sequence[ExportedRow],
    folder: Path,
    notes: ExportJournal,
    write: Write,
    outcome: ExportResult,
) -> None:
    """Copy some images and write their lines of the table."""
    for row, name in zip(rows, notes.names(rows), strict=True):
        problem = copy_image_out(host.storage, row, folder, name)
        if problem and not row_exists(host.database, row.id):
            # The image was deleted meanwhile.
            continue
        if problem:
            outcome.problems[row.filename] = problem
            log.error("image not exported", extra={"image": row.filename, "reason": problem})
        else:
            outcome.exported += 1
        write(["" if problem else name, *row])


def remove_exported(
    folder: Path, notes: ExportJournal, after: int, last: int, rows: Sequence[ExportedRow]
) -> None:
    """Remove the files of images that were exported before and deleted since.

    The images have ids above ``after`` and up to ``last``. ``rows`` are those that still exist.
    """
    for name in notes.forget(after, last, [row.id for row in rows]):
        (folder / name).unlink(missing_ok=True)
