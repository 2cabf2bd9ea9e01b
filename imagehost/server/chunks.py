"""Chunked bodies: what is around the bytes must not cost more than the bytes."""

from typing import Any

from gunicorn.http.body import ChunkedReader
from gunicorn.http.errors import InvalidChunkSize
from gunicorn.http.message import Request
from gunicorn.http.unreader import Unreader

from imagehost.server.heads import LONGEST_HEAD

SMALL_CHUNKS = 1000
"""Chunks of any size."""
BYTES_PER_CHUNK = 128
"""On average, if there are more: who sends a picture line by line stays above."""


class Chunks(ChunkedReader):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's reader, which takes as long for a chunk of a byte as for one of a kilobyte."""

    def __init__(self, request: Request, unreader: Unreader) -> None:
        super().__init__(request, unreader)
        # Each piece that comes is searched from the beginning.
        self.limit_trailer_section = LONGEST_HEAD
        self._chunks_left: float = SMALL_CHUNKS

    def parse_chunk_size(self, unreader: Unreader, data: bytes | None = None) -> Any:
        """Read the line before a chunk. Raises InvalidChunkSize for one tiny chunk too many."""
        size, rest = super().parse_chunk_size(unreader, data)
        if self._chunks_left <= 0:
            raise InvalidChunkSize(b"too small, as all before")
        # The next line is read when this chunk is here.
        self._chunks_left += size / BYTES_PER_CHUNK - 1
        return size, rest
