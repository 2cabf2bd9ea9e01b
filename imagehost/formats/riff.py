"""The chunks of a RIFF, as WebP has them (RFC 9649, 2.3): name, length, data, padding to an even length."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from .errors import Malformed
from .source import Source


class Chunk(NamedTuple):
    """A chunk's name, where it starts, where its data are and where its padding ends."""

    name: bytes
    start: int
    data: int
    size: int
    stop: int


def chunks(source: Source, end: int) -> Iterator[Chunk]:
    """Step from chunk to chunk, exactly to the end."""
    while (start := source.position) < end:
        name, size = struct.unpack("<4sI", source.take(8))
        chunk = Chunk(name, start, start + 8, size, start + 8 + size + size % 2)
        if chunk.stop > end:
            raise Malformed("a WebP chunk has the wrong length")
        yield chunk
        source.seek(chunk.stop)
    if start > end:
        raise Malformed("a WebP chunk has the wrong length")
