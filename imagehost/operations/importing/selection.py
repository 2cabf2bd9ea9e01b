"""Decide which files are imported, by the journal of earlier imports."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import sqlalchemy as sa

from imagehost.db.models import Image
from imagehost.domain.kinds import KINDS
from imagehost.host import Host
from imagehost.operations.batches import batches
from imagehost.operations.importing.journal import ImportJournal, Record
from imagehost.operations.importing.results import Candidate, Decision, PathResult, Task
from imagehost.operations.importing.walking import walk_folder

RECORDED_AT_ONCE = 128
"""The number of files that are recorded in the journal by one flush to disk."""


def tasks(host: Host, folder: Path, journal: ImportJournal, *, again: bool) -> Iterator[Task | PathResult]:
    """Yield the files of a folder to import, and the results for all others.

    Each file to import is recorded in the journal before it is yielded.
    """
    for batch in batches(walk_folder(folder), RECORDED_AT_ONCE):
        records = {each: journal.find(each) for each in batch if isinstance(each, Candidate)}
        alive = existing(host, [record.name for record in records.values() if record])
        decided = [
            each
            if isinstance(each, PathResult)
            else decide(host, each, records[each], alive, journal, again=again)
            for each in batch
        ]
        journal.begin(each for each in decided if isinstance(each, Task))
        yield from decided


def existing(host: Host, names: Collection[str]) -> dict[str, str]:
    """Return the names (without extension) that have a row, each with the SHA-256 in this row."""
    filenames = [f"{name}.{kind}" for name in names for kind in KINDS]
    statement = sa.select(Image.filename, Image.sha256).where(Image.filename.in_(filenames))
    with host.database.reading() as session:
        rows = session.execute(statement).all()
    return {row.filename.partition(".")[0]: row.sha256 for row in rows}


def decide(
    host: Host,
    candidate: Candidate,
    record: Record | None,
    alive: Mapping[str, str],
    journal: ImportJournal,
    *,
    again: bool,
) -> Task | PathResult:
    """Decide about one file."""
    if record and (record.stamp == candidate.stamp or is_same_file(candidate, record, alive)):
        if record.name in alive:
            # The import was killed before it recorded the hash, or the file's time has changed.
            if not record.sha256 or record.stamp != candidate.stamp:
                journal.adopt(candidate, record.sha256 or digest(candidate))
            return PathResult(candidate.path, Decision.ALREADY)
        if record.sha256 is not None and not again:
            return PathResult(candidate.path, Decision.DELETED)
    return Task(candidate, host.new_name())


def is_same_file(candidate: Candidate, record: Record, alive: Mapping[str, str]) -> bool:
    """Tell whether a file with another stamp has the same content as the recorded one.

    If the import was killed before it recorded the hash, the row contains it, unless metadata was removed
    from the image.
    """
    known = {record.sha256 or alive.get(record.name)} - {None}
    return bool(known) and digest(candidate) in known


def digest(candidate: Candidate) -> str:
    """Return the SHA-256 of a file, or an empty text if it cannot be read."""
    try:
        with Path(candidate.path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
