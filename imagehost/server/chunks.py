"""Read chunked bodies: parsing the lines between the chunks must not take longer than reading the bytes."""

from typing import Any

from gunicorn.http.body import ChunkedReader
from gunicorn.http.errors import InvalidChunkSize
from gunicorn.http.message import Request
from gunicorn.http.unreader import Unreader

from imagehost.server.heads import LONGEST_HEAD

SMALL_CHUNKS = 1000
"""The number of chunks of any size that a body may have."""
BYTES_PER_CHUNK = 128
"""The least average size of further chunks. A client that sends a picture line by line is above it."""


class Chunks(ChunkedReader):  # type: ignore[misc]  # gunicorn has no types
    """Limits small chunks: gunicorn's reader takes as long for a chunk of 1 byte as for a chunk of 1 kB."""

    def __init__(self, request: Request, unreader: Unreader) -> None:
        super().__init__(request, unreader)
        # gunicorn searches the trailer from its beginning each time a piece of it arrives.
        self.limit_trailer_section = LONGEST_HEAD
        self._chunks_left: float = SMALL_CHUNKS

    def parse_chunk_size(self, unreader: Unreader, data: bytes | None = None) -> Any:
        """Read the line before a chunk. Raises InvalidChunkSize if there are too many tiny chunks."""
        size, rest = super().parse_chunk_size(unreader, data)
        if self._chunks_left <= 0:
            raise InvalidChunkSize(b"too small, as all before")
        # The size can be counted now, because the next line is read only after the whole chunk has arrived.
        self._chunks_left += size / BYTES_PER_CHUNK - 1
        return size, rest
