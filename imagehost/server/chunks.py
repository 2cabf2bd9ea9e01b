"""Read chunked bodies: the lines around the bytes must not cost more time than the bytes."""

from typing import Any

from gunicorn.http.body import ChunkedReader
from gunicorn.http.errors import InvalidChunkSize
from gunicorn.http.message import Request
from gunicorn.http.unreader import Unreader

from imagehost.server.heads import LONGEST_HEAD

SMALL_CHUNKS = 1000
"""Chunks of any size that a body may have."""
BYTES_PER_CHUNK = 128
"""Average that further chunks need: a client that sends a picture line by line stays above it."""


class Chunks(ChunkedReader):  # type: ignore[misc]  # gunicorn has no types
    """Limit small chunks: gunicorn's reader takes as long for a chunk of a byte as for one of a kilobyte."""

    def __init__(self, request: Request, unreader: Unreader) -> None:
        super().__init__(request, unreader)
        # gunicorn searches the trailer from its beginning whenever a piece of it comes.
        self.limit_trailer_section = LONGEST_HEAD
        self._chunks_left: float = SMALL_CHUNKS

    def parse_chunk_size(self, unreader: Unreader, data: bytes | None = None) -> Any:
        """Read the line before a chunk. Raises InvalidChunkSize if there are too many tiny chunks."""
        size, rest = super().parse_chunk_size(unreader, data)
        if self._chunks_left <= 0:
            raise InvalidChunkSize(b"too small, as all before")
        # This may count the size already: the next line is read after the whole chunk has come.
        self._chunks_left += size / BYTES_PER_CHUNK - 1
        return size, rest
