"""Write a log file from several processes. The process that finds it full rotates it."""

import errno
import logging
import os
import re
import stat
import sys
from contextlib import suppress
from pathlib import Path

from imagehost.files.locks import lock_file
from imagehost.files.ownership import FILE_MODE, OTHER_USERS, give


class LineFile(logging.Handler):
    """Appends each event as one line, with one write, while it holds a lock on the file.

    It opens the file again for each line. So the file may be moved at any time, a fork shares no lock, and a
    process that waited while another one rotated the file continues in the new file.
    """

    def __init__(self, path: Path, max_size: int, keep: int) -> None:
        super().__init__()
        self.path = path
        self.max_size = max_size
        self.keep = keep
        self.complained = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write an event. If that fails, for example because the disk is full, the request continues."""
        try:
            self.append(f"{self.format(record)}\n".encode(errors="backslashreplace"))
        except Exception:  # noqa: BLE001  # as logging's own handlers do
            self.handleError(record)

    def append(self, line: bytes) -> None:
        """Write a whole line or nothing. Raises OSError, also if the disk is full."""
        file = self.open_locked()
        try:
            found = os.fstat(file)
            # Other processes may fill the new file too, before this one locks it.
            while self.is_full(found, len(line)) and self.rotate():
                old, file = file, self.open_locked()
                os.close(old)
                copy_owner_and_mode(file, found)
                found = os.fstat(file)
            if os.write(file, line) < len(line):
                # The disk is full. The incomplete line would spoil the next one too.
                os.ftruncate(file, found.st_size)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finally:
            os.close(file)

    def is_full(self, found: os.stat_result, more: int) -> bool:
        """Tell whether a line needs a new file. An empty file takes a line of any length."""
        return found.st_size > 0 and found.st_size + more > self.max_size and stat.S_ISREG(found.st_mode)

    def open_locked(self) -> int:
        """Open the file and lock it; return its descriptor. Raises OSError."""
        while True:
            file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
            # Some network file systems have no locks. Lines stay whole there too, because they are appended.
            with suppress(OSError):
                lock_file(file)
            found = os.fstat(file)
            if is_at(self.path, found):
                if not found.st_size:
                    give(file, self.path.parent, FILE_MODE)
                return file
            # Another process rotated it in the meantime.
            os.close(file)

    def rotate(self) -> bool:
        """Rename the files, the oldest first. Return whether that succeeded.

        The current file must be locked. It is renamed last: until then, no other process starts to rotate.
        """
        try:
            for number in self.old_numbers():
                if number >= self.keep:
                    self.old(number).unlink(missing_ok=True)
                else:
                    self.old(number).rename(self.old(number + 1))
            self.path.rename(self.old(1))
        except OSError as error:
            # A file that is too long is better than a lost line.
            self.complain("rotated", error)
            return False
        return True

    def old(self, number: int) -> Path:
        """Return the path of a rotated file: 1 is the newest."""
        return self.path.with_name(f"{self.path.name}.{number}")

    def old_numbers(self) -> list[int]:
        """Return the numbers of the rotated files, the oldest first."""
        names = re.compile(re.escape(self.path.name) + r"\.([1-9][0-9]{0,8})")
        found = [names.fullmatch(name) for name in os.listdir(self.path.parent)]  # noqa: PTH208  # names only
        return sorted((int(match[1]) for match in found if match), reverse=True)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # the standard library's name
        """Report once that the file cannot be written. The console still shows important events."""
        error = sys.exception()
        if isinstance(error, OSError):
            self.complain("written", error)
        else:
            super().handleError(record)

    def complain(self, done: str, error: OSError) -> None:
        """Report a failure on the console, once."""
        if not self.complained:
            self.complained = True
            sys.stderr.write(f"imagehost: {self.path} cannot be {done}: {error.strerror}\n")


def copy_owner_and_mode(file: int, former: os.stat_result) -> None:
    """Set the owner and the mode of a new file to those of the former one, without rights of other users."""
    with suppress(OSError):
        os.fchmod(file, stat.S_IMODE(former.st_mode) & ~OTHER_USERS)
        os.fchown(file, former.st_uid, former.st_gid)


def is_at(path: Path, file: os.stat_result) -> bool:
    """Tell whether an open file is still the one at its path."""
    try:
        there = os.stat(path)  # noqa: PTH116  # creating a Path takes longer than the system call
    except FileNotFoundError:
        return False
    return (there.st_dev, there.st_ino) == (file.st_dev, file.st_ino)
