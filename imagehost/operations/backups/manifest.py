"""Read a backup's description of itself: ``manifest.json`` and ``SHA256SUMS``, or the last line of a dump.

Anybody may have written it, so the form of each value is checked before it is used.
"""

import json
import platform
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from imagehost.domain.failures import Broken, Failure
from imagehost.files import hashing
from imagehost.operations.backups import reading
from imagehost.operations.backups.catalogue import Backup, folder_errors

FORMAT = 2
UNSIGNED_FORMAT = 1
"""Format of backups that were made before manifests were signed."""
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
COMMENT = b"-- imagehost "
"""Begins the last line of a dump that stands alone: what SQL does not read."""
LARGEST = 32 * 1024 * 1024
"""Bytes of a manifest: room for the names of a million images that the storage has lost."""
MOST_BRACKETS = 100
"""Number of lists and objects in a manifest; ours has five."""
LONGEST_LINE = 1024
"""Bytes of a line of ``SHA256SUMS``; ours have about a hundred."""
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
REVISION = re.compile(r"[A-Za-z0-9_]{1,64}")


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
    signature: str | None = None
    """Signature by which a host recognizes its own backups; see ``signing``."""

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
            return parse(backup)
        except (ValueError, TypeError, KeyError) as error:
            file = "its last line" if backup.database_only else MANIFEST
            raise Failure(f"{backup.name} is damaged: {file} cannot be read.") from error


def parse(backup: Backup) -> Manifest:
    """Read a manifest and check its form. Raises ValueError, TypeError, KeyError, Failure."""
    lone = backup.database_only
    text = last_line(backup.path)[1] if lone else reading.content(backup.path, MANIFEST, LARGEST).decode()
    if text.count("{") + text.count("[") > MOST_BRACKETS:
        # Nested lists take many times their size in memory.
        raise ValueError("too many brackets")
    facts: dict[str, Any] = json.loads(text)
    if is_number(facts["format"]) and facts["format"] > FORMAT:
        raise Failure(f"{backup.name} was made by a newer imagehost. Use that one.")
    wrong = [name for name, form in FORMS.items() if name in facts and not form(facts[name])]
    if wrong:
        raise ValueError(f"wrong values of {', '.join(wrong)}")
    return Manifest(**facts)


def is_number(value: object) -> bool:
    """Tell whether a value is a count. True and False are not, although Python takes them as numbers."""
    return type(value) is int and 0 <= value < 2**63


def is_filenames(value: object) -> bool:
    """Tell whether a value is a list of filenames of images."""
    return isinstance(value, list) and all(matches(reading.FILENAME)(name) for name in value)


def is_words(value: object) -> bool:
    """Tell whether a value is text that can be printed: no control characters, no codes for a terminal."""
    return isinstance(value, str) and value.isprintable() and len(value) < LONGEST_LINE


def is_counts(value: object) -> bool:
    """Tell whether a value is a dict from names of tables to numbers."""
    return isinstance(value, dict) and all(is_words(name) and is_number(value[name]) for name in value)


def is_versions(value: object) -> bool:
    """Tell whether a value is a dict from names to texts."""
    return isinstance(value, dict) and all(is_words(name) and is_words(value[name]) for name in value)


def matches(form: re.Pattern[str]) -> Callable[[object], bool]:
    """Return a function that tells whether a value is text of a form."""
    return lambda value: isinstance(value, str) and form.fullmatch(value) is not None


FORMS: dict[str, Callable[[object], bool]] = {
    "made_at": matches(TIME),
    "versions": is_versions,
    "database": matches(re.compile("sqlite|postgresql")),
    "revision": matches(REVISION),
    "counts": lambda value: is_counts(value) and "images" in value,  # type: ignore[operator]  # a dict by then
    "bytes": is_number,
    "sha256": matches(reading.DIGEST),
    "copied": is_number,
    "linked": is_number,
    "missing": is_filenames,
    "damaged": is_filenames,
    "format": is_number,
    "signature": lambda value: value is None or matches(reading.DIGEST)(value),
}


def last_line(dump: Path) -> tuple[int, str]:
    """Return the position and the text of the comment at a lone dump's end. Raises ValueError without one."""
    with reading.open_file(dump.parent, dump.name) as file:
        start = max(0, file.seek(0, 2) - hashing.BLOCK)
        file.seek(start)
        before, found, line = file.read(hashing.BLOCK).rpartition(b"\n" + COMMENT)
    if not found or b"\n" in line[:-1]:
        raise ValueError("no comment")
    return start + len(before), line.decode()


def sums(backup: Backup) -> Iterator[tuple[str, str]]:
    """Yield path and SHA-256 of each file of a backup. Raises Broken at a line of another form."""
    with reading.open_file(backup.path, SUMS) as file:
        while line := file.readline(LONGEST_LINE):
            digest, _, path = line.decode("ascii", "replace").removesuffix("\n").partition("  ")
            folder, _, name = path.rpartition("/")
            known = path == backup.dump.name or (
                folder == f"images/{name[:2]}" and reading.FILENAME.fullmatch(name)
            )
            if not known or not reading.DIGEST.fullmatch(digest):
                raise Broken(f"{SUMS} is damaged: it has a line that no backup has")
            yield path, digest


def sha256(path: Path, before: int | None = None) -> str:
    """Hash a file, or what stands before a place in it."""
    with reading.open_file(path.parent, path.name) as file:
        return hashing.sha256(file, sys.maxsize if before is None else before)
