"""Bringing one file in, by the way that uploads take."""

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import PurePath

from imagehost import imaging
from imagehost.domain.errors import ImageHostError
from imagehost.domain.kinds import EXTENSIONS
from imagehost.extensions import own_context
from imagehost.operations.importing.results import Candidate, Result, Task, What
from imagehost.operations.importing.walking import unreadable
from imagehost.services import images
from imagehost.storage.spool import Incoming

BLOCK = 256 * 1024
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
NO_PICTURE = "not a picture"
PICTURES = {f".{extension}" for extension in EXTENSIONS}
"""A name that ends so claims to be a picture, whatever the bytes are."""


def bring(task: Task | Result, *, keep_times: bool) -> Result:
    """Import a file. Only a host that cannot go on raises; a refusal is a result."""
    if isinstance(task, Result):
        return task
    path = task.candidate.path
    with own_context():
        try:
            with images.receive() as upload:
                return receive(task, upload, upload_time(task.candidate) if keep_times else None)
        except ImageHostError as error:
            if error.status >= 500:
                raise
            return Result(path, What.REFUSED, error.code, str(error))


def receive(task: Task, upload: Incoming, moment: datetime | None) -> Result:
    """Read a file, and add it."""
    path = task.candidate.path
    try:
        if not read(path, upload):
            return Result(path, What.PASSED, NO_PICTURE)
    except OSError as error:
        return unreadable(path, error)
    images.add(upload, name_of(path), public_name=task.name, moment=moment)
    return Result(path, What.IMPORTED, sha256=upload.sha256)


def read(path: str, upload: Incoming) -> bool:
    """Copy a file, unless neither name nor bytes claim that it is a picture."""
    # Not to wait for a pipe, nor to follow a link, that took the file's place.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as source:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "not a file any more")
        if PurePath(path).suffix.lower() not in PICTURES and not imaging.is_picture(source):
            return False
        source.seek(0)
        while block := source.read(BLOCK):
            upload.write(block)
    return True


def name_of(path: str) -> str:
    """Give a file's name as text; what is not UTF-8 in it becomes a question mark."""
    return os.fsencode(PurePath(path).name).decode(errors="replace")


def upload_time(candidate: Candidate) -> datetime:
    """Give the time of a file's last change, from 1970 to now."""
    now = (datetime.now(UTC) - EPOCH) // MICROSECOND
    return EPOCH + min(max(candidate.modified // 1000, 0), now) * MICROSECOND
