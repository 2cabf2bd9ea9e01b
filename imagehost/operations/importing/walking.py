"""Going through a folder to import: in order, link by no link, and whatever there is in it."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from imagehost.operations.importing.results import Candidate, Result, What

HIDDEN = "hidden"
LINK = "symbolic link"
SPECIAL = "special file"


def walk(folder: Path) -> Iterator[Candidate | Result]:
    """Go through all files below a folder, sorted by name, those of a folder before its subfolders."""
    waiting = [str(folder)]
    while waiting:
        path = waiting.pop()
        try:
            with os.scandir(path) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            yield unreadable(path, error)
            continue
        folders = []
        for entry in found:
            if is_folder(entry):
                folders.append(entry.path)
            else:
                yield seen(entry)
        waiting += reversed(folders)


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Tell whether it is a folder to look into."""
    return entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")


def seen(entry: os.DirEntry[str]) -> Candidate | Result:
    """Say what something other than a folder is, without opening it."""
    if entry.name.startswith("."):
        return Result(entry.path, What.PASSED, HIDDEN)
    if entry.is_symlink():
        return Result(entry.path, What.PASSED, LINK)
    try:
        facts = entry.stat(follow_symlinks=False)
    except OSError as error:
        return unreadable(entry.path, error)
    if not stat.S_ISREG(facts.st_mode):
        return Result(entry.path, What.PASSED, SPECIAL)
    return Candidate(entry.path, f"{facts.st_size} {facts.st_mtime_ns}", facts.st_mtime_ns)


def unreadable(path: str, error: OSError) -> Result:
    """Say that something cannot be read."""
    return Result(path, What.REFUSED, "unreadable", f"It cannot be read ({error.strerror}).")
