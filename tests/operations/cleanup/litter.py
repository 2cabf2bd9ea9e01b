"""Files in a storage that do not belong to an image."""

import itertools
from pathlib import Path

from flask import Flask

from imagehost.domain.rendition_sizes import RENDITION_FOLDER
from imagehost.operations.cleanup import CleanupOptions, CleanupReport, Finding
from tests import pictures
from tests.applications import change_host, host_of
from tests.conftest import uploaded

NOW = CleanupOptions(grace=0)
ORPHAN = "orphan0000000000.jpg"
GARBAGE = {Finding.ORPHAN: 1, Finding.RENDITION: 2, Finding.INCOMING: 1, Finding.DELETED: 1}
FOREIGN = ["README.txt", "ab/notes.txt", f"ab/{ORPHAN}", "lost+found"]
BYTES = 15
"""The size of all garbage."""


def host_of_three(app: Flask) -> Path:
    """Upload three images that share no folder with the litter. Return the folder of the storage."""
    numbers = itertools.count()
    change_host(app, new_name=lambda: f"image{next(numbers):011}")
    for number in range(3):
        uploaded(app.test_client(), pictures.jpg(16 + number, 12))
    return host_of(app).settings.images_dir


def put(folder: Path, path: str, content: bytes = b"12345") -> Path:
    """Write a file into the storage without the application."""
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return target


def litter(folder: Path) -> None:
    """Write one file of each kind that may be removed, and of each kind that may not."""
    put(folder, f"or/{ORPHAN}")
    put(folder, f".renditions/{RENDITION_FOLDER}/or/{ORPHAN}.webp", b"123")
    put(folder, f".renditions/{RENDITION_FOLDER}/no/nothing000000000.png.720.webp", b"1")
    put(folder, ".incoming/tmpabcdef", b"12")
    put(folder, ".deleted/deleted000000000.gif", b"1234")
    for path in ("README.txt", "lost+found/#12345", "ab/notes.txt", f"ab/{ORPHAN}"):
        put(folder, path)


def tree(folder: Path) -> dict[str, tuple[int, int]]:
    """Return the path of everything in a folder except locks, with the time of its change and its size."""
    found = (path for path in folder.rglob("*") if ".locks" not in path.parts)
    return {str(path.relative_to(folder)): (path.lstat().st_ctime_ns, path.lstat().st_size) for path in found}


def image_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("im/*"))


def flip(path: Path) -> None:
    """Change one bit of a file."""
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)


def counts(report: CleanupReport) -> dict[Finding, int]:
    return {kind: tally.found for kind, tally in report.tallies.items() if tally.found}
