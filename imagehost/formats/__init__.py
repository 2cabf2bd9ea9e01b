"""Walk the structure of a picture file to its very end, without decoding a pixel.

A file that is truncated or broken is refused. Harmless damage is repaired, frames and work are counted, and
metadata that tells where, when and with what a picture was taken is dropped. All other bytes stay.
Nothing here knows the rest of imagehost, except the table of formats.
"""

import importlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, Generic, NamedTuple, TypeVar

from imagehost.domain.kinds import KINDS

from .canvas import Canvas, Limits
from .cleaning import Copy, Report, whole
from .errors import Malformed, PixelLimit, WorkLimit
from .pieces import Added, Dropped, Kept, Piece
from .source import BUFFER, Source

File = TypeVar("File", bound=BinaryIO)

__all__ = [
    "BUFFER",
    "Added",
    "Canvas",
    "Cleaned",
    "Dropped",
    "Kept",
    "Limits",
    "Malformed",
    "Piece",
    "PixelLimit",
    "Report",
    "WorkLimit",
    "clean",
    "walk",
]

_WALKS: dict[str, Callable[[Source, Canvas], Iterator[Piece]]] = {
    name: importlib.import_module(f"{__name__}.{kind.parser}").walk for name, kind in KINDS.items()
}


class Cleaned(NamedTuple, Generic[File]):
    """The result of a walk: the new file, or None if nothing has to change, and what was done."""

    file: File | None
    report: Report


def walk(kind: str, stream: BinaryIO, canvas: Canvas) -> Iterator[Piece]:
    """Yield the pieces of a picture, which cover all of its file.

    Raises Malformed, PixelLimit or WorkLimit.
    """
    source = Source(stream)
    yield from whole(_WALKS[kind](source, canvas), source.length)


def clean(kind: str, stream: BinaryIO, canvas: Canvas, new_file: Callable[[], File]) -> Cleaned[File]:
    """Walk a picture to its end, and write what is stored of it to a new file if that differs.

    The caller removes the file that new_file() made if the walk ends in an error: Malformed, PixelLimit or
    WorkLimit.
    """
    copy = Copy(stream, new_file)
    length = stream.seek(0, 2)
    for piece in walk(kind, stream, canvas):
        copy.add(piece)
    return Cleaned(copy.finish(length), copy.report)
