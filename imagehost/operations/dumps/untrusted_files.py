"""Read untrusted files: a backup may come from another host.

No link is followed, and no device or pipe is opened.
"""

import errno
import os
import re
import stat
import sys
from pathlib import Path
from typing import BinaryIO

from imagehost.files import hashing

BACKUP_FILENAME = re.compile(r"[a-z0-9]{1,128}\.[a-z0-9]{1,16}")
"""The filenames that an image can have."""
DIGEST = re.compile(r"[0-9a-f]{64}")
"""A SHA-256."""
FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class NotRegular(OSError):
    """A path is not a regular file, or leads through a link."""

    def __init__(self, path: str) -> None:
        super().__init__(errno.EINVAL, "not a regular file", path)


def open_untrusted(folder: Path, path: str) -> BinaryIO:
    """Open a file below a folder. Raises OSError; NotRegular if it is a link, a device or a pipe."""
    *folders, name = path.split("/")
    place = os.open(folder, FOLDER_FLAGS)
    try:
        for part in folders:
            inner = os.open(part, FOLDER_FLAGS | os.O_NOFOLLOW, dir_fd=place)
            os.close(place)
            place = inner
        # Opening a device may have effects, so the kind of file is checked first, and again after opening.
        check_regular(os.stat(name, dir_fd=place, follow_symlinks=False), path)
        file = os.fdopen(os.open(name, FILE_FLAGS, dir_fd=place), "rb")
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


def hash_untrusted(folder: Path, path: str, length: int = sys.maxsize) -> str:
    """Return the SHA-256 of a file below a folder, or of its first ``length`` bytes. Raises OSError."""
    with open_untrusted(folder, path) as file:
        return hashing.sha256(file, length)


def read_small_file(folder: Path, path: str, limit: int) -> bytes:
    """Read a file below a folder. Raises OSError, NotRegular; ValueError if it is larger than ``limit``."""
    with open_untrusted(folder, path) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise ValueError(f"{path} has more than {limit} bytes")
    return content


def read_last_line(path: Path, beginning: bytes) -> tuple[int, str]:
    """Read the last line of a file, which must begin with ``beginning``.

    Returns:
        The position of the line end before it, and the rest of the line.

    Raises:
        ValueError: if the last line does not begin so.
        OSError: if the file cannot be read; NotRegular if it is not a regular file.
    """
    with open_untrusted(path.parent, path.name) as file:
        start = max(0, file.seek(0, os.SEEK_END) - hashing.BLOCK_SIZE)
        file.seek(start)
        before, found, line = file.read(hashing.BLOCK_SIZE).rpartition(b"\n" + beginning)
    if not found or b"\n" in line[:-1]:
        raise ValueError("no such line")
    return start + len(before), line.decode()
