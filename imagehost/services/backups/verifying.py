"""Verifying a backup: every checksum, and the dump really restored and counted."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import zip_longest
from pathlib import Path

from imagehost.failures import Broken, Failure
from imagehost.services import parallel
from imagehost.services.backups import checks, databases, manifest
from imagehost.services.backups.catalogue import Backup, folder_errors
from imagehost.services.backups.checks import Check
from imagehost.services.backups.making import problems_of
from imagehost.services.backups.manifest import MANIFEST, SUMS, Manifest
from imagehost.services.backups.snapshots import Snapshot
from imagehost.services.progress import Progress, silent

STRANGE = "does not belong to it"

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
        if backup.database_only:
            check_lone_dump(backup, facts, found)
        elif not (backup.path / SUMS).exists() or manifest.sha256(backup.path / SUMS) != facts.sha256:
            # What it says of the other files is worth nothing then.
            found.problems.append(f"{SUMS} is missing or damaged")
            return
        else:
            check_files(backup, facts, found, progress)
            found.problems += problems_of(facts)
        if backup.dump.name not in found.damaged:
            found.problems += check_dump(backup, facts)


def check_lone_dump(backup: Backup, facts: Manifest, found: Findings) -> None:
    """Hash a lone dump, without its last line."""
    end = backup.path.stat().st_size - len(facts.as_json()) - len(manifest.COMMENT) - 2
    if end < 0 or manifest.sha256(backup.path, end) != facts.sha256:
        found.add(backup.name, "is damaged: its checksum is another")


def check_files(backup: Backup, facts: Manifest, found: Findings, progress: Progress) -> None:
    """Hash every file, and look for what does not belong there."""
    known = {MANIFEST, SUMS}
    with progress("checksums", facts.copied + facts.linked + 1) as advance:
        for path, digest, hashed in parallel.each(partial(hash_one, backup.path), manifest.sums(backup)):
            known.add(path)
            advance(1)
            if hashed is None:
                found.add(path, "is missing")
            elif hashed != digest:
                found.add(path, "is damaged: its checksum is another")
    strange = (str(path.relative_to(backup.path)) for path in backup.path.rglob("*") if not path.is_dir())
    found.problems += [f"{path} {STRANGE}" for path in strange if path not in known]


def hash_one(folder: Path, file: tuple[str, str]) -> tuple[str, str, str | None]:
    """Hash a file beside the hash that it should have; None where it is not there or cannot be read."""
    path, digest = file
    try:
        return path, digest, manifest.sha256(folder / path)
    except FileNotFoundError:
        return path, digest, None
    except OSError as error:
        return path, digest, error.strerror


def check_dump(backup: Backup, facts: Manifest) -> Iterator[str]:
    """Restore the dump into a scratch database, and compare it with the manifest and the files."""
    try:
        with databases.of_kind(facts.database).scratch(backup.dump) as restored:
            counts = restored.counts()
            if counts != facts.counts:
                yield f"{backup.dump.name} restores to {counts} rows, the manifest says {facts.counts}"
            if not backup.database_only:
                yield from first_difference(restored, backup, facts)
    except Broken as error:
        yield str(error)


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
