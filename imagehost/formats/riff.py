"""The chunks of a RIFF file such as WebP (RFC 9649, 2.3): name, length, data, padding to an even length."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from .errors import Malformed
from .source import Source


class RiffChunk(NamedTuple):
    """A chunk: name, offsets of the chunk and of its data, size of its data, end of its padding."""

    name: bytes
    start: int
    data: int
    size: int
    stop: int


def chunks(source: Source, end: int) -> Iterator[RiffChunk]:
    """Yield the chunks; the last one must end exactly at ``end``. Raises Malformed."""
    while (start := source.position) < end:
        name, size = struct.unpack("<4sI", source.take(8))
        chunk = RiffChunk(name, start, start + 8, size, start + 8 + size + size % 2)
        if chunk.stop > end:
            raise Malformed("a WebP chunk has the wrong length")
        yield chunk
        source.seek(chunk.stop)
    if start > end:
        raise Malformed("a WebP chunk has the wrong length")
