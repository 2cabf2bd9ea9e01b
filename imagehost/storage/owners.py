"""Whose the things in the storage are: the host has to work with what commands made that root ran."""

import os
from contextlib import suppress
from pathlib import Path


def give(made: Path | int, folder: Path, mode: int | None = None) -> None:
    """Let what root made belong to the owner of its folder, as readable as that unless a mode is told."""
    if os.geteuid() != 0:
        return
    # Some network file systems have no owners, and a namespace may not know this one.
    with suppress(OSError):
        owner = folder.stat()
        os.chmod(made, owner.st_mode & 0o755 if mode is None else mode)  # noqa: PTH101  # a descriptor, too
        os.chown(made, owner.st_uid, owner.st_gid)


def make_folder(folder: Path) -> None:
    """Make a folder, and those that it is in; it is no error if it is there."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    give(folder, folder.parent)
