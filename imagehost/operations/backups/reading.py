"""Read the files of a backup. Anybody may have made it, so no link is followed and no device opened."""

import errno
import os
import re
import stat
from pathlib import Path
from typing import BinaryIO

from imagehost.files import hashing

FILENAME = re.compile(r"[a-z0-9]{1,128}\.[a-z0-9]{1,16}")
"""The filenames that an image can have."""
DIGEST = re.compile(r"[0-9a-f]{64}")
"""A SHA-256."""
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class NotRegular(OSError):
    """A path in the backup is not a regular file, or leads through a link."""

    def __init__(self, path: str) -> None:
        super().__init__(errno.EINVAL, "not a regular file", path)


def open_file(folder: Path, path: str) -> BinaryIO:
    """Open a file below a folder. Raises OSError; NotRegular if it is a link, a device or a pipe."""
    *folders, name = path.split("/")
    place = os.open(folder, FOLDER)
    try:
        for part in folders:
            inner = os.open(part, FOLDER | os.O_NOFOLLOW, dir_fd=place)
            os.close(place)
            place = inner
        # Opening a device may have effects, so the kind of file is checked first, and again after opening.
        check_regular(os.stat(name, dir_fd=place, follow_symlinks=False), path)
        file = os.fdopen(os.open(name, FILE, dir_fd=place), "rb")
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise NotRegular(path) from error
        raise
    finally:
        os.close(place)
    try:
        check_regular(os.fstat(file.fileno()), path)
    except NotRegular:
        file.close()
        raise
    return file


def check_regular(found: os.stat_result, path: str) -> None:
    """Raise NotRegular if the file is not a regular one."""
    if not stat.S_ISREG(found.st_mode):
        raise NotRegular(path)


def sha256(folder: Path, path: str) -> str:
    """Hash a file below a folder. Raises OSError, NotRegular."""
    with open_file(folder, path) as file:
        return hashing.sha256(file)


def content(folder: Path, path: str, limit: int) -> bytes:
    """Read a small file below a folder. Raises OSError, NotRegular; ValueError if it is too large."""
    with open_file(folder, path) as file:
        found = file.read(limit + 1)
    if len(found) > limit:
        raise ValueError(f"{path} has more than {limit} bytes")
    return found
