"""What is to be imported, and what was before."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import sqlalchemy as sa

from imagehost.db.models import Image
from imagehost.db.transactions import end_reading
from imagehost.domain import image_names
from imagehost.domain.kinds import KINDS
from imagehost.extensions import db
from imagehost.operations.batches import batches
from imagehost.operations.importing.journal import Journal, Record
from imagehost.operations.importing.results import Candidate, Result, Task, What
from imagehost.operations.importing.walking import walk

BATCH = 128
"""Files that are noted at a time, by one flush to disk."""


def tasks(folder: Path, journal: Journal, *, again: bool) -> Iterator[Task | Result]:
    """Go through a folder and say what is to be imported, each noted in the journal before."""
    for batch in batches(walk(folder), BATCH):
        records = {each: journal.find(each) for each in batch if isinstance(each, Candidate)}
        alive = existing([record.name for record in records.values() if record])
        decided = [
            each if isinstance(each, Result) else decide(each, records[each], alive, journal, again=again)
            for each in batch
        ]
        journal.begin(each for each in decided if isinstance(each, Task))
        yield from decided


def existing(names: Collection[str]) -> dict[str, str]:
    """Tell which names, whatever their extension, have a row, and the hash that is noted there."""
    filenames = [f"{name}.{kind}" for name in names for kind in KINDS]
    rows = db.session.execute(
        sa.select(Image.filename, Image.sha256).where(Image.filename.in_(filenames))
    ).all()
    found = {row.filename.partition(".")[0]: row.sha256 for row in rows}
    end_reading()
    return found


def decide(
    candidate: Candidate, record: Record | None, alive: Mapping[str, str], journal: Journal, *, again: bool
) -> Task | Result:
    """Decide about one file."""
    if record and (record.stamp == candidate.stamp or is_same(candidate, record, alive)):
        if record.name in alive:
            # It was killed before it could note the hash, or the file's time is another now.
            if not record.sha256 or record.stamp != candidate.stamp:
                journal.adopt(candidate, record.sha256 or digest(candidate))
            return Result(candidate.path, What.ALREADY)
        if record.sha256 is not None and not again:
            return Result(candidate.path, What.DELETED)
    return Task(candidate, image_names.new_name())


def is_same(candidate: Candidate, record: Record, alive: Mapping[str, str]) -> bool:
    """Tell whether a file whose time is another is the one that was noted.

    Where a kill came before its hash was noted, the row knows it, unless the image was cleaned of metadata.
    """
    known = {record.sha256 or alive.get(record.name)} - {None}
    return bool(known) and digest(candidate) in known


def digest(candidate: Candidate) -> str:
    """Hash a file; nothing is the hash of one that cannot be read."""
    try:
        with Path(candidate.path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
