"""Exporting all images under their original names, with a table of what is known of them."""

import logging
import os
from dataclasses import dataclass, field
from pathlib import Path

from imagehost.db import counts
from imagehost.domain.errors import Unavailable
from imagehost.domain.failures import Failure
from imagehost.extensions import storage
from imagehost.operations.exporting import journal, sheet
from imagehost.operations.exporting.copying import DRAFT, copy, folder_errors
from imagehost.operations.exporting.journal import LAST, Journal
from imagehost.operations.exporting.rows import COLUMNS, Row, batches_of_rows, is_there
from imagehost.operations.exporting.sheet import Write
from imagehost.operations.folders import keep_apart
from imagehost.operations.journals import resumable
from imagehost.operations.progress import Progress, silent

__all__ = ["Outcome", "export"]

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Outcome:
    """How many images are in an export, and by filename what is wrong with those that are not."""

    exported: int = 0
    problems: dict[str, str] = field(default_factory=dict)


def export(folder: Path, progress: Progress = silent) -> Outcome:
    """Copy all images to a folder; one that was ended half-way is continued. Raises Failure."""
    folder = folder.resolve()
    keep_apart(folder)
    if not storage.is_ready():
        raise Unavailable("storage")
    outcome = Outcome()
    with resumable(), folder_errors(folder):
        prepare(folder)
        export_all(folder, outcome, progress)
        (folder / DRAFT).unlink(missing_ok=True)
        # A power failure takes what is not on the disk yet, and without the journal nobody would miss it.
        os.sync()
        if not outcome.problems:
            (folder / journal.FILE).unlink()
    facts = {"folder": str(folder), "exported": outcome.exported, "problems": len(outcome.problems)}
    log.info("images exported", extra=facts)
    return outcome


def prepare(folder: Path) -> None:
    """Make the folder; refuse one that holds anything but an export that was begun. Raises Failure."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / journal.FILE).is_file() and any(folder.iterdir()):
        raise Failure(f"{folder} is not empty. Name a new folder.")


def export_all(folder: Path, outcome: Outcome, progress: Progress) -> None:
    """Copy all images, and write the table."""
    columns = ["file", *(column.name for column in COLUMNS)]
    with (
        journal.opened(folder) as notes,
        sheet.writing(folder, columns) as write,
        progress("images", counts.total()) as advance,
    ):
        last = 0
        for rows in batches_of_rows():
            export_rows(rows, folder, notes, write, outcome)
            remove(folder, notes, last, rows[-1].id, rows)
            last = rows[-1].id
            advance(len(rows))
        remove(folder, notes, last, LAST, [])


def export_rows(rows: list[Row], folder: Path, notes: Journal, write: Write, outcome: Outcome) -> None:
    """Copy some images, and write their lines."""
    for row, name in zip(rows, notes.names(rows), strict=True):
        problem = copy(row, folder, name)
        if problem and not is_there(row):
            # It was deleted meanwhile.
            continue
        if problem:
            outcome.problems[row.filename] = problem
            log.error("image not exported", extra={"image": row.filename, "reason": problem})
        else:
            outcome.exported += 1
        write(["" if problem else name, *row])


def remove(folder: Path, notes: Journal, after: int, last: int, rows: list[Row]) -> None:
    """Remove what was exported before, and deleted since."""
    for name in notes.forget(after, last, [row.id for row in rows]):
        (folder / name).unlink(missing_ok=True)
