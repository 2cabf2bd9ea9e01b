"""Verify a backup: hash every file, restore the dump into a scratch database, and compare both."""

import logging
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest
from pathlib import Path

from imagehost.domain.failures import Broken, Failure
from imagehost.host import Host
from imagehost.logs.setup import one_line
from imagehost.operations import parallel
from imagehost.operations.backups.catalogue import Backup, backup_errors
from imagehost.operations.backups.manifest import DUMP_COMMENT, MANIFEST, TIME_FORMAT
from imagehost.operations.backups.reading import SUMS, Contents, StoredFile
from imagehost.operations.backups.verifications import Verification, keep_verification
from imagehost.operations.dumps.databases import dumper_for
from imagehost.operations.dumps.snapshots import Snapshot
from imagehost.operations.dumps.untrusted_files import (
    BACKUP_FILENAME,
    NotRegular,
    hash_untrusted,
    read_last_line,
)
from imagehost.operations.progress import Progress, silent

UNKNOWN = "does not belong to the backup"
DAMAGED = "is damaged: its checksum does not match"
IMAGE_FOLDERS = re.compile("images(/[a-z0-9]{2})?")
"""The folders of images that a backup has."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FileProblem:
    """A problem of a file. ``is_damage`` is False if only reading failed: the bytes may be right."""

    text: str
    is_damage: bool = True


@dataclass(slots=True)
class Findings:
    """The problems of a backup, in words, and the files that have a problem, by their paths."""

    problems: list[str] = field(default_factory=list)
    files: dict[str, FileProblem] = field(default_factory=dict)

    def add(self, path: str, problem: FileProblem) -> None:
        """Add a file with a problem."""
        self.problems.append(f"{path} {problem.text}")
        self.files[path] = problem

    @property
    def damaged(self) -> list[str]:
        """The paths of damaged and missing files."""
        return [path for path, problem in self.files.items() if problem.is_damage]


def verify_backup(host: Host, backup: Backup, progress: Progress = silent) -> list[str]:
    """Verify a backup, and store the result.

    Returns:
        The problems in words; an empty list if the backup is whole.

    Raises:
        Failure: if the backup cannot be verified, for example without a database server.
    """
    found = Findings()
    try:
        contents = Contents.of(backup)
    except Failure as error:
        found.problems.append(str(error))
    else:
        check_contents(host, contents, found, progress)
    checked_at = host.clock().strftime(TIME_FORMAT)
    keep_verification(host, backup, Verification(checked_at, found.problems, found.damaged))
    if found.problems:
        log.error("backup damaged", extra={"backup": backup.name, "problems": len(found.problems)})
    else:
        images = contents.manifest.counts["images"]
        log.info("backup verified", extra={"backup": backup.name, "images": images})
    return found.problems


def check_contents(host: Host, contents: Contents, found: Findings, progress: Progress) -> None:
    """Check the files, then the database that is restored from the dump."""
    backup = contents.backup
    with backup_errors():
        try:
            if backup.database_only:
                check_lone_dump(contents, found)
            else:
                check_sums(contents)
                check_files(contents, found, progress)
                found.problems += contents.manifest.problems()
        except Broken as error:
            # The checksums of the other files cannot be trusted either.
            found.problems.append(str(error))
            return
        if backup.dump.name not in found.files:
            found.problems += check_dump(host, contents)


def check_lone_dump(contents: Contents, found: Findings) -> None:
    """Check the hash of a standalone dump without its last line, which is the manifest."""
    backup = contents.backup
    length, _ = read_last_line(backup.path, DUMP_COMMENT)
    if hash_untrusted(backup.path.parent, backup.name, length) != contents.manifest.sha256:
        found.add(backup.name, FileProblem(DAMAGED))


def check_sums(contents: Contents) -> None:
    """Check the hash of the list of checksums. Raises Broken if the list is missing or damaged."""
    if problem_of_file(contents.backup.path, StoredFile(SUMS, contents.manifest.sha256)):
        raise Broken(f"{SUMS} is missing or damaged")


def check_files(contents: Contents, found: Findings, progress: Progress) -> None:
    """Check the hash of every file, and find files that do not belong to the backup. Raises Broken."""
    backup, manifest = contents.backup, contents.manifest
    known = {MANIFEST, SUMS}
    with progress("checksums", manifest.copied + manifest.linked + 1) as advance:
        for file, problem in parallel.each(partial(check_file, backup.path), contents.files()):
            if file.path in known:
                raise Broken(f"{SUMS} is damaged: it lists {file.path} twice")
            known.add(file.path)
            advance(1)
            if problem:
                found.add(file.path, problem)
    if backup.dump.name not in known:
        raise Broken(f"{SUMS} is damaged: it does not list {backup.dump.name}")
    found.problems += [f"{one_line(path)} {UNKNOWN}" for path in unknown_files(backup.path, known)]


def check_file(folder: Path, file: StoredFile) -> tuple[StoredFile, FileProblem | None]:
    """Compare a file of a backup with its checksum. Return the file, and its problem or None."""
    return file, problem_of_file(folder, file)


def problem_of_file(folder: Path, file: StoredFile) -> FileProblem | None:
    """Return the problem of a file of a backup, or None."""
    try:
        return None if hash_untrusted(folder, file.path) == file.sha256 else FileProblem(DAMAGED)
    except FileNotFoundError:
        return FileProblem("is missing")
    except OSError as error:
        return FileProblem(f"cannot be read: {error.strerror}", is_damage=isinstance(error, NotRegular))


def unknown_files(folder: Path, known: set[str], within: str = "") -> Iterator[str]:
    """Yield files without a checksum. A folder that no backup has is reported, but not searched."""
    for entry in os.scandir(folder / within):
        path = f"{within}/{entry.name}" if within else entry.name
        if entry.is_dir(follow_symlinks=False) and IMAGE_FOLDERS.fullmatch(path):
            yield from unknown_files(folder, known, path)
        elif path not in known:
            yield path


def check_dump(host: Host, contents: Contents) -> Iterator[str]:
    """Restore the dump into a scratch database, and yield its differences to the manifest and the files."""
    backup, manifest = contents.backup, contents.manifest
    try:
        with dumper_for(host, manifest.database).scratch(backup.dump) as restored:
            counts = restored.counts()
            if counts != manifest.counts:
                yield f"{backup.dump.name} contains {counts} rows, but the manifest lists {manifest.counts}"
            elif restored.revision() != manifest.revision:
                yield f"{backup.dump.name} has tables of another revision than the manifest lists"
            elif backup.database_only:
                yield from invalid_filename(restored, backup)
            else:
                yield from first_difference(restored, contents)
    except Broken as error:
        yield str(error)


def invalid_filename(restored: Snapshot, backup: Backup) -> Iterator[str]:
    """Yield a problem for the first row with an invalid filename, for example a path to another folder."""
    for row in restored.images():
        if not isinstance(row.filename, str) or not BACKUP_FILENAME.fullmatch(row.filename):
            yield f"{backup.dump.name} has an image with the invalid filename {row.filename!a}"
            return


def first_difference(restored: Snapshot, contents: Contents) -> Iterator[str]:
    """Yield the first difference between the dump and the files. Both are sorted by filename."""
    lost = {*contents.manifest.missing, *contents.manifest.damaged}
    rows = ((row.filename, row.sha256) for row in restored.images() if row.filename not in lost)
    files = ((file.filename, file.sha256) for file in contents.images() if file.filename not in lost)
    for row, file in zip_longest(rows, files):
        if row != file:
            yield f"{contents.backup.dump.name} and {SUMS} differ: one has {row}, the other {file}"
            return
