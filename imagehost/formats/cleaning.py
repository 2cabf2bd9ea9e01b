"""Write the stored file from the pieces of a walk, and report the kept, dropped and added bytes."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Generic, TypeVar

from .pieces import Added, Dropped, Kept, Piece
from .source import BUFFER

File = TypeVar("File", bound=BinaryIO)


@dataclass
class CleaningReport:
    """The changes of a walk: the number of kept bytes, and the numbers of dropped and added bytes by name."""

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
    """The stored file, which is created only when it first differs from the source."""

    def __init__(self, stream: BinaryIO, new_file: Callable[[], File]) -> None:
        self.report = CleaningReport()
        self._stream = stream
        self._new_file = new_file
        self._file: File | None = None
        self._kept = Kept(0, 0)  # bytes that are kept and not written yet

    def add(self, piece: Piece) -> None:
        """Add the next piece; write only if it does not continue the kept bytes."""
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
        """Return the new file, or None if the whole source, of ``length`` bytes, is kept."""
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
    """Yield the pieces, and drop the rest after the last piece, of a file of ``length`` bytes."""
    end = 0
    for piece in pieces:
        if not isinstance(piece, Added):
            end = piece.stop
        yield piece
    if end < length:
        yield Dropped(end, length, "bytes after the end")
