"""Copy the bytes of an image out of the storage."""

import hashlib
from collections.abc import Iterator
from typing import BinaryIO

from imagehost.files.hashing import BLOCK_SIZE
from imagehost.storage.spool import storage_errors


def copy_hashing(source: BinaryIO, target: BinaryIO) -> str:
    """Copy an image to another file, and return its SHA-256.

    Raises Unavailable if the storage cannot be read, and OSError if the other file cannot be written.
    """
    hashed = hashlib.sha256()
    for block in blocks(source):
        hashed.update(block)
        target.write(block)
    return hashed.hexdigest()


def blocks(source: BinaryIO) -> Iterator[bytes]:
    """Yield the bytes of an image. Raises Unavailable."""
    with storage_errors():
        while block := source.read(BLOCK_SIZE):
            yield block
