"""A file on its way in: hashed on the way, written once, without a name until it is published."""

import errno
import hashlib
import io
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from typing_extensions import Buffer

from imagehost.domain.errors import StorageFull, Unavailable
from imagehost.domain.upload_errors import TooLarge
from imagehost.files.ownership import FILE_MODE, give

HELD = 512 * 1024
"""Bytes that are held in memory: most pictures reach the disk once they are to be kept, or never.

A larger one is written as it comes (docs/decisions/0010).
"""
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
NO_UNNAMED_FILES = {errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL}
"""What some network file systems answer to O_TMPFILE."""

log = logging.getLogger(__name__)


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn the operating system's errors into those that a client can act on."""
    try:
        yield
    except FileExistsError:
        raise
    except OSError as error:
        log.error("storage error", extra={"reason": str(error)})  # noqa: TRY400  # its cause is the whole story
        if error.errno in NO_ROOM:
            raise StorageFull from error
        raise Unavailable("storage") from error


class Incoming(io.RawIOBase, BinaryIO):
    """A temporary file for ``folder``, which vanishes unless it is published.

    It has no name and vanishes even when the process is killed, if the file system knows such files.

    ``written`` counts bytes. Raises TooLarge past ``max_size``, StorageFull where there is no room.
    """

    def __init__(self, folder: Path, max_size: int) -> None:
        super().__init__()
        self.written = 0
        self._folder = folder
        self._max_size = max_size
        self._hash = hashlib.sha256()
        self._file: io.BytesIO | io.FileIO = io.BytesIO()
        self._path: str | None = None

    @property
    def sha256(self) -> str:
        """The hash of all that was written, in hexadecimal."""
        return self._hash.hexdigest()

    def write(self, data: Buffer, /) -> int:
        """Append all of ``data``, and hash it."""
        rest = memoryview(data).cast("B")
        length = len(rest)
        if self.written + length > self._max_size:
            raise TooLarge(self._max_size)
        if self.written + length > HELD:
            self.put_on_disk()
        self._hash.update(rest)
        self._write(rest)
        self.written += length
        return length

    def _write(self, rest: memoryview) -> None:
        with storage_errors():
            while rest:
                # A disk that fills up takes a part first, and says no to the next.
                rest = rest[self._file.write(rest) :]

    def put_on_disk(self) -> None:
        """Go on in a file of the folder. Raises StorageFull, Unavailable."""
        if isinstance(self._file, io.FileIO):
            return
        held, self._file = self._file, self._open()
        self._write(memoryview(held.getvalue()))

    def _open(self) -> io.FileIO:
        """Make a file without a name, or else with one that nobody guesses."""
        with storage_errors():
            try:
                descriptor = os.open(self._folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
            except OSError as error:
                if error.errno not in NO_UNNAMED_FILES:
                    raise
                descriptor, self._path = tempfile.mkstemp(dir=self._folder)
        return io.FileIO(descriptor, "r+b")

    def flush_to_disk(self, mode: int = FILE_MODE) -> None:
        """Let the bytes survive a power failure, and let the group read them: the web server is in it."""
        self.put_on_disk()
        with storage_errors():
            os.fchmod(self.fileno(), mode)
            give(self.fileno(), self._folder, mode)
            os.fsync(self.fileno())

    def link(self, path: Path) -> None:
        """Give the file its name, atomically. Raises FileExistsError where it is taken."""
        self.put_on_disk()
        source = self._path or f"/proc/self/fd/{self.fileno()}"
        # The folder descriptor makes it linkat(AT_SYMLINK_FOLLOW); else /proc's link itself would be linked.
        os.link(source, path, src_dir_fd=self.fileno(), follow_symlinks=True)

    def read(self, size: int = -1, /) -> bytes:
        """Read on from where the last ``seek`` led to."""
        return self._file.read(size)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a place."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Tell the place."""
        return self._file.tell()

    def fileno(self) -> int:
        """Give the descriptor; OSError while all is in memory."""
        return self._file.fileno()

    def readable(self) -> bool:
        """As files have it: this one is."""
        return True

    writable = seekable = readable

    def close(self) -> None:
        """Let the temporary file go."""
        if not self.closed:
            self._file.close()
            if self._path:
                Path(self._path).unlink(missing_ok=True)
        super().close()
