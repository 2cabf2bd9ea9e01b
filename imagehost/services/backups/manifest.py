"""What a backup says of itself: ``manifest.json`` and ``SHA256SUMS``, or the last line of a dump."""

import json
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from imagehost.failures import Failure
from imagehost.services import hashing
from imagehost.services.backups.catalogue import Backup, folder_errors

FORMAT = 1
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
COMMENT = b"-- imagehost "
"""Begins the last line of a dump that stands alone: what SQL does not read."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds; ``sha256`` is of ``SHA256SUMS``, or of a lone dump without its last line."""

    made_at: str
    versions: dict[str, str]
    database: str
    revision: str
    counts: dict[str, int]
    """Rows by table."""
    bytes: int
    """Of all images."""
    sha256: str
    copied: int = 0
    linked: int = 0
    """Images that an earlier backup shares."""
    missing: list[str] = field(default_factory=list)
    """Images that had a row and no bytes when the backup was made."""
    damaged: list[str] = field(default_factory=list)
    """Images whose bytes were not those of the row."""
    format: int = FORMAT

    def as_json(self, indent: int | None = None) -> str:
        """Write it."""
        return json.dumps(asdict(self), indent=indent)


def versions(imagehost: str, database: str) -> dict[str, str]:
    """Tell what made the backup."""
    return {"imagehost": imagehost, "python": platform.python_version(), "database": database}


def read(backup: Backup) -> Manifest:
    """Read what a backup says of itself. Raises Failure where that cannot be read."""
    with folder_errors():
        try:
            text = last_line(backup.path) if backup.database_only else (backup.path / MANIFEST).read_text()
            facts: dict[str, Any] = json.loads(text)
            if facts["format"] > FORMAT:
                raise Failure(f"{backup.name} was made by a newer imagehost. Use that one.")
            return Manifest(**facts)
        except (ValueError, TypeError, KeyError) as error:
            file = "its last line" if backup.database_only else MANIFEST
            raise Failure(f"{backup.name} is damaged: {file} cannot be read.") from error


def last_line(dump: Path) -> str:
    """Read the comment at a lone dump's end. Raises ValueError where there is none."""
    with dump.open("rb") as file:
        file.seek(max(0, dump.stat().st_size - hashing.BLOCK))
        _, found, line = file.read().rpartition(b"\n" + COMMENT)
    if not found:
        raise ValueError("no comment")
    return line.decode()


def sums(backup: Backup) -> Iterator[tuple[str, str]]:
    """Go through a backup's files: path below it, and SHA-256."""
    with (backup.path / SUMS).open(encoding="utf-8") as file:
        for line in file:
            digest, _, path = line.rstrip("\n").partition("  ")
            yield path, digest


def sha256(path: Path, before: int | None = None) -> str:
    """Hash a file, or what stands before a place in it."""
    with path.open("rb") as file:
        return hashing.sha256(file, sys.maxsize if before is None else before)
