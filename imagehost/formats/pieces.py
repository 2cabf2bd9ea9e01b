"""The pieces from which the stored file is made: a walk yields them in file order and without gaps."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Kept(NamedTuple):
    """Bytes of the source that are stored as they are."""

    start: int
    stop: int


class Dropped(NamedTuple):
    """Bytes of the source that are not stored. ``what`` names them in the report, for example ``"EXIF"``."""

    start: int
    stop: int
    what: str


class Added(NamedTuple):
    """Bytes that are stored and are not copied from the source."""

    data: bytes
    what: str


Piece = Kept | Dropped | Added


def length(piece: Piece) -> int:
    """Return how many bytes a piece adds to the stored file."""
    if isinstance(piece, Added):
        return len(piece.data)
    return piece.stop - piece.start if isinstance(piece, Kept) else 0


def joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Join kept pieces that follow one another."""
    kept: Kept | None = None
    for piece in pieces:
        if not isinstance(piece, Kept):
            if kept:
                yield kept
            kept = None
            yield piece
        elif kept and kept.stop == piece.start:
            kept = Kept(kept.start, piece.stop)
        else:
            if kept:
                yield kept
            kept = piece
    if kept:
        yield kept
