"""Writes the stored file from the pieces of a walk, and reports what it kept, dropped and added."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Generic, TypeVar

from .pieces import Added, Dropped, Kept, Piece
from .source import BUFFER

File = TypeVar("File", bound=BinaryIO)


@dataclass
class Report:
    """What a walk did to a file: how many bytes it kept, and how many it dropped and added, by name."""

    kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    added: Counter[str] = field(default_factory=Counter)

    def take(self, piece: Piece) -> None:
        """Count one piece."""
        if isinstance(piece, Kept):
            self.kept += piece.stop - piece.start
        elif isinstance(piece, Dropped):
            self.dropped[piece.what] += piece.stop - piece.start
        else:
            self.added[piece.what] += len(piece.data)


class Copy(Generic[File]):
    """The stored file, which is begun only where it first differs from the source."""

    def __init__(self, stream: BinaryIO, new_file: Callable[[], File]) -> None:
        self.report = Report()
        self._stream = stream
        self._new_file = new_file
        self._file: File | None = None
        self._kept = Kept(0, 0)  # bytes that are kept and not written yet

    def add(self, piece: Piece) -> None:
        """Take the next piece; write only if it does not continue the kept bytes."""
        self.report.take(piece)
        if isinstance(piece, Dropped):
            return
        if isinstance(piece, Added):
            if piece.data:
                self._flush().write(piece.data)
        elif piece.start == self._kept.stop:
            self._kept = Kept(self._kept.start, piece.stop)
        else:
            self._flush()
            self._kept = piece

    def finish(self, length: int) -> File | None:
        """Return the new file, or None if all of the old one is kept."""
        if self._file is None and self._kept == (0, length):
            return None
        return self._flush()

    def _flush(self) -> File:
        """Write the bytes that are kept so far."""
        if self._file is None:
            self._file = self._new_file()
        start, stop = self._kept
        self._stream.seek(start)
        while start < stop and (block := self._stream.read(min(BUFFER, stop - start))):
            self._file.write(block)
            start += len(block)
        self._kept = Kept(stop, stop)
        return self._file


def whole(pieces: Iterator[Piece], length: int) -> Iterator[Piece]:
    """Pass pieces on, and drop what is left of the file after the last of them."""
    end = 0
    for piece in pieces:
        if not isinstance(piece, Added):
            end = piece.stop
        yield piece
    if end < length:
        yield Dropped(end, length, "bytes after the end")
