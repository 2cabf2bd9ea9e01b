"""Write files so that readers see either the former content or the complete new content."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from imagehost.files.ownership import FILE_MODE, give

DRAFT_PREFIX = ".draft-"
"""The prefix of files that are being written, or were being written when their process was killed."""


@contextmanager
def replacing(
    path: Path, *, draft: Path | None = None, mode: int = FILE_MODE, flush: bool = False
) -> Iterator[BinaryIO]:
    """Write a file under another name. It gets its own name at the end of the block.

    After an error, nothing is changed.

    Args:
        path: the file. An existing file is replaced.
        draft: the file that is written, on the same file system. Without it, a new name is chosen, so that
            several processes may write at the same time.
        mode: the mode bits of the file.
        flush: write the content to the disk before the file gets its name. Without it, the file may be empty
            after a power failure.
    """
    if draft is None:
        descriptor, name = tempfile.mkstemp(prefix=f"{DRAFT_PREFIX}{path.name}-", dir=path.parent)
        draft = Path(name)
    else:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            give(descriptor, path.parent, mode)
            yield file
            if flush:
                file.flush()
                os.fsync(descriptor)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def flush_folder(folder: Path) -> None:
    """Write the names of the files in a folder to the disk, so that they survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
