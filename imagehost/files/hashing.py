"""SHA-256 of what is read, and of what is copied."""

import hashlib
import sys
from collections.abc import Iterator
from typing import BinaryIO

from imagehost.storage.spool import storage_errors

BLOCK = 1024 * 1024
"""Bytes in memory at a time."""


def sha256(file: BinaryIO, length: int = sys.maxsize) -> str:
    """Hash what a file gives, up to a number of bytes."""
    hashed = hashlib.sha256()
    while length and (block := file.read(min(BLOCK, length))):
        hashed.update(block)
        length -= len(block)
    return hashed.hexdigest()


def copy(source: BinaryIO, target: BinaryIO) -> str:
    """Copy a file of the storage, and hash it on the way. Raises Unavailable where it cannot be read."""
    hashed = hashlib.sha256()
    for block in blocks(source):
        hashed.update(block)
        target.write(block)
    return hashed.hexdigest()


def blocks(source: BinaryIO) -> Iterator[bytes]:
    """Read a file; an error of this disk is not one of the disk that it is copied to."""
    with storage_errors():
        while block := source.read(BLOCK):
            yield block
