"""The temporary file of an upload: hashed while it is written, and without a name until it is published."""

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

from imagehost.domain.errors import StorageFull, TooLarge, Unavailable
from imagehost.files.ownership import FILE_MODE, give

HELD = 512 * 1024
"""The number of bytes held in memory. So most pictures are written to disk only if they are accepted.

A larger picture is written to disk while it is received (docs/decisions/0010).
"""
FULL_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
NO_UNNAMED_FILES = {errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL}
"""The errors of file systems that do not support O_TMPFILE, like some network file systems."""

log = logging.getLogger(__name__)


@contextmanager
def storage_errors() -> Iterator[None]:
    """Convert OSError to StorageFull or Unavailable, except FileExistsError."""
    try:
        yield
    except FileExistsError:
        raise
    except OSError as error:
        log.error("storage error", extra={"reason": str(error)})  # noqa: TRY400  # the reason is enough
        if error.errno in FULL_DISK:
            raise StorageFull from error
        raise Unavailable("storage") from error


class Incoming(io.RawIOBase, BinaryIO):
    """A temporary file for ``folder``, which is removed unless it is published.

    If the file system supports files without a name, it is removed even if the process is killed.

    ``written`` is the number of bytes. Raises TooLarge above ``max_size``, StorageFull if there is no space.
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
        """The SHA-256 of all bytes that were written, in hexadecimal."""
        return self._hash.hexdigest()

    def write(self, data: Buffer, /) -> int:
        """Append all of ``data``, and hash it. Return its size in bytes.

        Raises TooLarge, StorageFull, Unavailable.
        """
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
                # On a disk that becomes full, the first call writes a part, and the next one fails.
                rest = rest[self._file.write(rest) :]

    def put_on_disk(self) -> None:
        """Move the bytes from memory to a file in the folder. Raises StorageFull or Unavailable."""
        if isinstance(self._file, io.FileIO):
            return
        held, self._file = self._file, self._open()
        self._write(memoryview(held.getvalue()))

    def _open(self) -> io.FileIO:
        """Make a file without a name, or with a random name if the file system does not support that."""
        with storage_errors():
            try:
                descriptor = os.open(self._folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
            except OSError as error:
                if error.errno not in NO_UNNAMED_FILES:
                    raise
                descriptor, self._path = tempfile.mkstemp(dir=self._folder)
        return io.FileIO(descriptor, "r+b")

    def flush_to_disk(self, mode: int = FILE_MODE) -> None:
        """Flush the bytes to disk, and let the group read them: the web server belongs to it."""
        self.put_on_disk()
        with storage_errors():
            os.fchmod(self.fileno(), mode)
            give(self.fileno(), self._folder, mode)
            os.fsync(self.fileno())

    def link(self, path: Path) -> None:
        """Link the file to its final path, atomically. Raises FileExistsError if that is taken."""
        self.put_on_disk()
        source = self._path or f"/proc/self/fd/{self.fileno()}"
        # With a folder descriptor, Python calls linkat(AT_SYMLINK_FOLLOW). Without it, the symbolic link in
        # /proc would be linked, and not the file.
        os.link(source, path, src_dir_fd=self.fileno(), follow_symlinks=True)

    def read(self, size: int = -1, /) -> bytes:
        """Read at most ``size`` bytes from the current position; -1 means all."""
        return self._file.read(size)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Change the current position, and return it, in bytes from the start."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the current position."""
        return self._file.tell()

    def fileno(self) -> int:
        """Return the file descriptor. Raises OSError while the bytes are in memory."""
        return self._file.fileno()

    def readable(self) -> bool:
        """Return True: the file can be read, written and positioned."""
        return True

    writable = seekable = readable

    def close(self) -> None:
        """Close and remove the temporary file."""
        if not self.closed:
            self._file.close()
            if self._path:
                Path(self._path).unlink(missing_ok=True)
        super().close()
