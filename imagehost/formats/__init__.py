"""Walk the structure of a picture file to its end, without decoding pixels.

Truncated or broken files are refused. Harmless damage is repaired, frames and decoding work are counted, and
metadata that shows where, when and with which device a picture was taken is dropped. All other bytes are
kept. This package imports nothing else of imagehost, except the table of formats.
"""

import importlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, Generic, NamedTuple

from imagehost.domain.kinds import KINDS

from .canvas import Canvas, Limits
from .cleaning import CleaningReport, Copy, File, whole
from .errors import Malformed, PixelLimit, WorkLimit
from .pieces import Added, Dropped, Kept, Piece
from .source import BUFFER, Source

__all__ = [
    "BUFFER",
    "Added",
    "Canvas",
    "Cleaned",
    "CleaningReport",
    "Dropped",
    "Kept",
    "Limits",
    "Malformed",
    "Piece",
    "PixelLimit",
    "WorkLimit",
    "clean_picture",
    "walk_picture",
]

Walk = Callable[[Source, Canvas], Iterator[Piece]]


def _walk_of(parser: str) -> Walk:
    """Return the function that walks a format: ``walk_png`` of the module ``png``."""
    walk: Walk = getattr(importlib.import_module(f"{__name__}.{parser}"), f"walk_{parser}")
    return walk


_WALKS: dict[str, Walk] = {name: _walk_of(kind.parser) for name, kind in KINDS.items()}


class Cleaned(NamedTuple, Generic[File]):
    """The result of a walk: the new file, or None if nothing has to change, and the report."""

    file: File | None
    report: CleaningReport


def walk_picture(kind: str, stream: BinaryIO, canvas: Canvas) -> Iterator[Piece]:
    """Yield the pieces of a picture; together they cover the whole file.

    Raises Malformed, PixelLimit or WorkLimit.
    """
    source = Source(stream)
    yield from whole(_WALKS[kind](source, canvas), source.length)


def clean_picture(kind: str, stream: BinaryIO, canvas: Canvas, new_file: Callable[[], File]) -> Cleaned[File]:
    """Walk a picture to its end, and write the cleaned picture to a new file if it differs.

    If the walk raises Malformed, PixelLimit or WorkLimit, the caller must remove the file of new_file().
    """
    copy = Copy(stream, new_file)
    length = stream.seek(0, 2)
    for piece in walk_picture(kind, stream, canvas):
        copy.add(piece)
    return Cleaned(copy.finish(length), copy.report)
