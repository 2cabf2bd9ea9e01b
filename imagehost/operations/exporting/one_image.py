"""Copy one image to the folder of an export, and check its hash."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from imagehost.domain.errors import NotFound, Unavailable
from imagehost.domain.failures import Failure
from imagehost.domain.unix_time import unix_microseconds
from imagehost.operations.journals import GO_ON
from imagehost.storage import Storage
from imagehost.storage.copies import copy_hashing
from imagehost.storage.spool import FULL_DISK

IMAGE_DRAFT = ".imagehost-export.part"
ExportedRow = sa.Row[*tuple[Any, ...]]
"""A row with all columns of an image."""


def copy_image_out(storage: Storage, row: ExportedRow, folder: Path, name: str) -> str:
    """Copy an image, unless the target exists. Return its problem, or an empty text. Raises Unavailable."""
    target, draft = folder / name, folder / IMAGE_DRAFT
    if target.is_file() and target.stat().st_size == row.size:
        return ""
    seen = storage.look_at(row.filename)
    if seen is not None and not seen.is_file:
        # To open a pipe, for example, would block.
        return "its file is not a regular file"
    try:
        with storage.open(row.filename) as source, draft.open("wb") as file:
            digest = copy_hashing(source, file)
    except NotFound:
        return "its file is missing"
    except Unavailable as error:
        if not storage.is_ready():
            raise
        return f"its file cannot be read ({error.__cause__})"
    if digest != row.sha256:
        return "its file is damaged: the SHA-256 does not match"
    nanoseconds = unix_microseconds(row.upload_time) * 1000
    os.utime(draft, ns=(nanoseconds, nanoseconds))
    draft.replace(target)
    return ""


@contextmanager
def folder_errors(folder: Path) -> Iterator[None]:
    """Convert OSError to a Failure with one line of text."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL_DISK:
            raise Failure(f"There is no space left in {folder}. Free some space. {GO_ON}") from error
        raise Failure(f"{folder} cannot be written to: {error.strerror}. {GO_ON}") from error
