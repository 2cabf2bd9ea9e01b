"""Import one file like an upload."""

import os
import stat
from datetime import datetime
from pathlib import PurePath

from imagehost import imaging
from imagehost.domain.errors import Refused
from imagehost.domain.kinds import EXTENSIONS
from imagehost.domain.policy import ANYBODY
from imagehost.domain.unix_time import moment_at, unix_microseconds
from imagehost.host import Host
from imagehost.operations.importing.results import Candidate, Decision, PathResult, Task
from imagehost.operations.importing.walking import unreadable
from imagehost.services import images
from imagehost.storage.spool import Incoming

IMPORT_BLOCK_SIZE = 256 * 1024
NO_PICTURE = "not a picture"
PICTURE_SUFFIXES = {f".{extension}" for extension in EXTENSIONS}
"""The suffixes of files that claim to be pictures, even if their bytes are not."""


def import_file(host: Host, task: Task | PathResult, *, keep_times: bool) -> PathResult:
    """Import a file. A refusal is a result; only errors that end the whole import are raised."""
    if isinstance(task, PathResult):
        return task
    path = task.candidate.path
    try:
        with images.receive_upload(host) as upload:
            return receive_file(host, task, upload, upload_time(host, task.candidate) if keep_times else None)
    except Refused as error:
        return PathResult(path, Decision.REFUSED, error.code, error)


def receive_file(host: Host, task: Task, upload: Incoming, moment: datetime | None) -> PathResult:
    """Read a file and add it as an image."""
    path = task.candidate.path
    try:
        if not read_file(path, upload):
            return PathResult(path, Decision.PASSED, NO_PICTURE)
    except OSError as error:
        return unreadable(path, error)
    images.add_image(host, ANYBODY, upload, name_of_file(path), public_name=task.name, moment=moment)
    return PathResult(path, Decision.IMPORTED, sha256=upload.sha256)


def read_file(path: str, upload: Incoming) -> bool:
    """Copy a file. Return False if neither its name nor its bytes claim that it is a picture.

    Raises OSError if it cannot be read, and the errors of ``Incoming.write``.
    """
    # If a pipe or a link has replaced the file meanwhile, do not wait for the pipe or follow the link.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as source:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "not a file any more")
        if PurePath(path).suffix.lower() not in PICTURE_SUFFIXES and not imaging.is_picture(source):
            return False
        source.seek(0)
        while block := source.read(IMPORT_BLOCK_SIZE):
            upload.write(block)
    return True


def name_of_file(path: str) -> str:
    """Return a file's name as text. Bytes that are not UTF-8 are replaced."""
    return os.fsencode(PurePath(path).name).decode(errors="replace")


def upload_time(host: Host, candidate: Candidate) -> datetime:
    """Return the time of a file's last change, limited to the range from 1970 to now."""
    now = unix_microseconds(host.clock())
    return moment_at(min(max(candidate.modified // 1000, 0), now))
