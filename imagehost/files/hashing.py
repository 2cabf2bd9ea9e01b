"""Compute the SHA-256 of files."""

import hashlib
import sys
from typing import BinaryIO

BLOCK_SIZE = 1024 * 1024
"""The number of bytes in memory at a time."""


def sha256(file: BinaryIO, length: int = sys.maxsize) -> str:
    """Return the SHA-256, in hexadecimal, of at most ``length`` bytes from a file's current position."""
    hashed = hashlib.sha256()
    while length and (block := file.read(min(BLOCK_SIZE, length))):
        hashed.update(block)
        length -= len(block)
    return hashed.hexdigest()
