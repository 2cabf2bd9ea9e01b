"""File ownership: new files go to the owner of their folder, and other users may read nothing.

The host must be able to use files of commands that root ran. A web server may read files as a member of the
folder's group.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path

FILE_MODE = 0o640
FOLDER_MODE = 0o2750
"""The mode bits that a folder copies from its parent, including setgid: new files belong to its group."""
OTHER_USERS = 0o007


def give(made: Path | int, folder: Path, mode: int | None = None) -> None:
    """If this process runs as root, give a new file or folder to the owner of its folder.

    Args:
        made: the new file or folder, or its descriptor.
        folder: the folder that contains it.
        mode: its mode bits. None means those of the folder.
    """
    if os.geteuid() != 0:
        return
    # Some network file systems have no owners, and a user namespace may not contain this owner.
    with suppress(OSError):
        owner = folder.stat()
        os.chmod(made, owner.st_mode & FOLDER_MODE if mode is None else mode)  # noqa: PTH101  # a descriptor, too
        os.chown(made, owner.st_uid, owner.st_gid)


def make_folder(folder: Path) -> None:
    """Make a folder and its parents. It is no error if it exists."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    give(folder, folder.parent)


def shut(path: Path | str) -> None:
    """Remove all rights of other users on a file or a folder. Its owner and its group keep their rights.

    A failure is no error: the path may be gone, belong to another user, or be on a read-only disk.
    """
    with suppress(OSError):
        mode = os.lstat(path).st_mode
        if not stat.S_ISLNK(mode) and mode & OTHER_USERS:
            os.chmod(path, stat.S_IMODE(mode) & ~OTHER_USERS)  # noqa: PTH101  # creating a Path takes longer than the system call
