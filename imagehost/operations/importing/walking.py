"""Walk through a folder to import, in a fixed order, without following links."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from imagehost.operations.importing.results import Candidate, Decision, PathResult

HIDDEN_FILE = "hidden"
SYMBOLIC_LINK = "symbolic link"
SPECIAL_FILE = "special file"


def walk_folder(folder: Path) -> Iterator[Candidate | PathResult]:
    """Yield all files below a folder, sorted by name; the files of a folder come before its subfolders."""
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
    """Tell whether an entry is a folder to walk through."""
    return entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")


def seen(entry: os.DirEntry[str]) -> Candidate | PathResult:
    """Return a candidate or a result for an entry that is not a folder, without opening it."""
    if entry.name.startswith("."):
        return PathResult(entry.path, Decision.PASSED, HIDDEN_FILE)
    if entry.is_symlink():
        return PathResult(entry.path, Decision.PASSED, SYMBOLIC_LINK)
    try:
        facts = entry.stat(follow_symlinks=False)
    except OSError as error:
        return unreadable(entry.path, error)
    if not stat.S_ISREG(facts.st_mode):
        return PathResult(entry.path, Decision.PASSED, SPECIAL_FILE)
    return Candidate(entry.path, f"{facts.st_size} {facts.st_mtime_ns}", facts.st_mtime_ns)


def unreadable(path: str, error: OSError) -> PathResult:
    """Return the result for a path that cannot be read."""
    return PathResult(path, Decision.REFUSED, "unreadable", f"It cannot be read ({error.strerror}).")
