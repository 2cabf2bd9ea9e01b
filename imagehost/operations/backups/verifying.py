"""Verifying a backup: every checksum, and the dump really restored and counted."""

import logging
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import zip_longest
from pathlib import Path

from imagehost.domain.failures import Broken, Failure
from imagehost.logs.setup import one_line
from imagehost.operations import parallel
from imagehost.operations.backups import checks, databases, manifest, reading
from imagehost.operations.backups.catalogue import Backup, folder_errors
from imagehost.operations.backups.checks import Check
from imagehost.operations.backups.making import problems_of
from imagehost.operations.backups.manifest import MANIFEST, SUMS, Manifest
from imagehost.operations.backups.snapshots import Snapshot
from imagehost.operations.progress import Progress, silent

STRANGE = "does not belong to it"
DAMAGED = "is damaged: its checksum is another"
FOLDERS = re.compile("images(/[a-z0-9]{2})?")
"""The folders of images that a backup has."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Findings:
    """What is wrong with a backup: in words, and by file."""

    problems: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)

    def add(self, path: str, what: str) -> None:
        """Note what is wrong with a file."""
        self.problems.append(f"{path} {what}")
        self.damaged.append(path)


def verify(backup: Backup, progress: Progress = silent) -> list[str]:
    """Say in words all that is wrong with a backup, and remember it; nothing is wrong with a good one.

    Raises Failure where it could not be looked at: no database server, say.
    """
    found = Findings()
    try:
        facts = manifest.read(backup)
    except Failure as error:
        found.problems.append(str(error))
    else:
        look(backup, facts, found, progress)
    checks.keep(
        backup, Check(datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), found.problems, found.damaged)
    )
    if found.problems:
        log.error("backup damaged", extra={"backup": backup.name, "problems": len(found.problems)})
    else:
        log.info("backup verified", extra={"backup": backup.name, "images": facts.counts["images"]})
    return found.problems


def look(backup: Backup, facts: Manifest, found: Findings, progress: Progress) -> None:
    """Look at the files, then at the database that the dump makes."""
    with folder_errors():
        try:
            if backup.database_only:
                check_lone_dump(backup, facts, found)
            else:
                check_sums(backup, facts)
                check_files(backup, facts, found, progress)
                found.problems += problems_of(facts)
        except Broken as error:
            # Then the checksums of the other files cannot be trusted.
            found.problems.append(str(error))
            return
        if backup.dump.name not in found.damaged:
            found.problems += check_dump(backup, facts)


def check_lone_dump(backup: Backup, facts: Manifest, found: Findings) -> None:
    """Hash a lone dump, without its last line."""
    end, _ = manifest.last_line(backup.path)
    if manifest.sha256(backup.path, end) != facts.sha256:
        found.add(backup.name, DAMAGED)


def check_sums(backup: Backup, facts: Manifest) -> None:
    """Hash the list of the checksums. Raises Broken if it is missing or damaged."""
    _, wrong = hash_one(backup.path, (SUMS, facts.sha256))
    if wrong:
        raise Broken(f"{SUMS} is missing or damaged")


def check_files(backup: Backup, facts: Manifest, found: Findings, progress: Progress) -> None:
    """Hash every file, and look for files that do not belong there. Raises Broken."""
    known = {MANIFEST, SUMS}
    with progress("checksums", facts.copied + facts.linked + 1) as advance:
        for path, wrong in parallel.each(partial(hash_one, backup.path), manifest.sums(backup)):
            if path in known:
                raise Broken(f"{SUMS} is damaged: it has {path} twice")
            known.add(path)
            advance(1)
            if wrong:
                found.add(path, wrong)
    if backup.dump.name not in known:
        raise Broken(f"{SUMS} is damaged: it does not have {backup.dump.name}")
    found.problems += [f"{one_line(path)} {STRANGE}" for path in strangers(backup.path, known)]


def hash_one(folder: Path, file: tuple[str, str]) -> tuple[str, str | None]:
    """Compare a file with its hash. Return its path, and the problem or None."""
    path, digest = file
    try:
        return path, None if reading.sha256(folder, path) == digest else DAMAGED
    except FileNotFoundError:
        return path, "is missing"
    except OSError as error:
        return path, f"cannot be read: {error.strerror}"


def strangers(folder: Path, known: set[str], within: str = "") -> Iterator[str]:
    """Find files without a checksum. A folder that no backup has is reported, but not searched."""
    for entry in os.scandir(folder / within):
        path = f"{within}/{entry.name}" if within else entry.name
        if entry.is_dir(follow_symlinks=False) and FOLDERS.fullmatch(path):
            yield from strangers(folder, known, path)
        elif path not in known:
            yield path


def check_dump(backup: Backup, facts: Manifest) -> Iterator[str]:
    """Restore the dump into a scratch database, and compare it with the manifest and the files."""
    try:
        with databases.of_kind(facts.database).scratch(backup.dump) as restored:
            counts = restored.counts()
            if counts != facts.counts:
                yield f"{backup.dump.name} restores to {counts} rows, the manifest says {facts.counts}"
            elif restored.revision() != facts.revision:
                yield f"{backup.dump.name} has not the tables of the revision that the manifest says"
            elif backup.database_only:
                yield from strange_names(restored, backup)
            else:
                yield from first_difference(restored, backup, facts)
    except Broken as error:
        yield str(error)


def strange_names(restored: Snapshot, backup: Backup) -> Iterator[str]:
    """Find the first row whose filename no image can have, for example a path that leads elsewhere."""
    for row in restored.images():
        if not isinstance(row.filename, str) or not reading.FILENAME.fullmatch(row.filename):
            yield f"{backup.dump.name} has an image of the name {row.filename!a}"
            return


def first_difference(restored: Snapshot, backup: Backup, facts: Manifest) -> Iterator[str]:
    """Find the first image that the dump and the files do not agree on; both are sorted."""
    known = {*facts.missing, *facts.damaged}
    rows = ((row.filename, row.sha256) for row in restored.images())
    files = ((path.rpartition("/")[2], digest) for path, digest in manifest.sums(backup) if "/" in path)
    for row, file in zip_longest(
        *(filter(lambda each: each[0] not in known, both) for both in (rows, files))
    ):
        if row != file:
            yield f"{backup.dump.name} and {SUMS} differ: one has {row}, the other {file}"
            return
