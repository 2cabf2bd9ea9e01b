"""The chunks of a PNG (Portable Network Graphics, 3rd edition, W3C, 5.3): length, name, data, checksum."""

import re
import struct
import zlib
from typing import NamedTuple

from .errors import Malformed
from .source import Source

CHUNK_HEAD_SIZE = 64 * 1024

_NAME = re.compile(rb"[A-Za-z]{4}")


class PngChunk(NamedTuple):
    """A chunk: name, start, size and first bytes of its data, and whether its checksum is right."""

    name: bytes
    start: int
    size: int
    head: bytes
    intact: bool

    @property
    def data(self) -> int:
        """The offset of the data in the file."""
        return self.start + 8

    @property
    def stop(self) -> int:
        """The offset of the chunk's end in the file."""
        return self.start + self.size + 12


def read_chunk(source: Source) -> PngChunk:
    """Read the next chunk to its end, and compare its checksum. Raises Malformed."""
    start = source.position
    size, name = struct.unpack(">I4s", source.take(8))
    if size > 0x7FFFFFFF or not _NAME.fullmatch(name):
        raise Malformed("the header of a PNG chunk is invalid")
    head = source.take(min(size, CHUNK_HEAD_SIZE))
    checksum = zlib.crc32(head, zlib.crc32(name))
    for block in source.blocks(size - len(head)):
        checksum = zlib.crc32(block, checksum)
    return PngChunk(name, start, size, head, source.take(4) == checksum.to_bytes(4, "big"))


def write_chunk(name: bytes, data: bytes = b"") -> bytes:
    """Return the bytes of a chunk."""
    return struct.pack(">I4s", len(data), name) + data + zlib.crc32(name + data).to_bytes(4, "big")
