"""Whose the things in the storage are, and who may read them.

The host has to work with what commands made that root ran. A web server may read by the group of the folder;
others may read nothing.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path

FILE_MODE = 0o640
FOLDER_MODE = 0o2750
"""What a folder takes over of the one that it is in: that new files belong to its group (setgid), too."""
OTHERS = 0o007


def give(made: Path | int, folder: Path, mode: int | None = None) -> None:
    """Let what root made belong to the owner of its folder, as readable as that unless a mode is told."""
    if os.geteuid() != 0:
        return
    # Some network file systems have no owners, and a namespace may not know this one.
    with suppress(OSError):
        owner = folder.stat()
        os.chmod(made, owner.st_mode & FOLDER_MODE if mode is None else mode)  # noqa: PTH101  # a descriptor, too
        os.chown(made, owner.st_uid, owner.st_gid)


def make_folder(folder: Path) -> None:
    """Make a folder, and those that it is in; it is no error if it is there."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    give(folder, folder.parent)


def shut(path: Path | str) -> None:
    """Take all rights of others from a file or a folder; those of its owner and its group stay.

    It is no error if that cannot be done: it may be gone, somebody else's, or on a read-only disk.
    """
    with suppress(OSError):
        mode = os.lstat(path).st_mode
        if not stat.S_ISLNK(mode) and mode & OTHERS:
            os.chmod(path, stat.S_IMODE(mode) & ~OTHERS)  # noqa: PTH101  # a Path would take longer than the kernel
