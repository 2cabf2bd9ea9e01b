"""What is kept of a picture, written to a new file."""

from collections.abc import Callable
from typing import BinaryIO, Generic, TypeVar

from .source import BUFFER, Piece, Span

File = TypeVar("File", bound=BinaryIO)


class Copy(Generic[File]):
    """A copy of a file, which begins only where it first differs."""

    def __init__(self, stream: BinaryIO, new_file: Callable[[], File]) -> None:
        self._stream = stream
        self._new_file = new_file
        self._file: File | None = None
        self._kept = Span(0, 0)  # what goes on from there is not written yet

    def add(self, piece: Piece) -> None:
        """Take the next piece; write only when it does not follow on what is kept."""
        if isinstance(piece, bytes):
            if piece:
                self._flush().write(piece)
        elif piece.start == self._kept.stop:
            self._kept = Span(self._kept.start, piece.stop)
        else:
            self._flush()
            self._kept = piece

    def finish(self, length: int) -> File | None:
        """Return the new file, or None where all of the old one is kept."""
        if self._file is None and self._kept == (0, length):
            return None
        return self._flush()

    def _flush(self) -> File:
        """Write out what is kept so far."""
        if self._file is None:
            self._file = self._new_file()
        start, stop = self._kept
        self._stream.seek(start)
        while start < stop and (block := self._stream.read(min(BUFFER, stop - start))):
            self._file.write(block)
            start += len(block)
        self._kept = Span(stop, stop)
        return self._file
