"""Walk the structure of a picture file to its very end, without decoding a pixel.

A file that is truncated or broken is refused, its frames are counted, and what tells where, when and with
what a picture was taken is left out, byte for byte of the rest. Nothing here knows of the rest of imagehost.
"""

from collections.abc import Callable, Iterator
from typing import BinaryIO, TypeVar

from . import avif, gif, jpeg, png, webp
from .canvas import Canvas
from .cleaning import Copy
from .errors import Malformed, PixelLimit
from .source import Piece, Source

File = TypeVar("File", bound=BinaryIO)

__all__ = ["KINDS", "Canvas", "Malformed", "PixelLimit", "clean"]

_WALKS: dict[str, Callable[[Source, Canvas], Iterator[Piece]]] = {
    "jpg": jpeg.walk,
    "png": png.walk,
    "gif": gif.walk,
    "webp": webp.walk,
    "avif": avif.walk,
}
KINDS = tuple(_WALKS)


def clean(kind: str, stream: BinaryIO, canvas: Canvas, new_file: Callable[[], File]) -> File | None:
    """Walk a picture to its end; return None where there is nothing to drop, else the new file without it.

    The file that new_file() made is the caller's to remove where the walk ends in an error.
    """
    source = Source(stream)
    copy = Copy(stream, new_file)
    for piece in _WALKS[kind](source, canvas):
        copy.add(piece)
    return copy.finish(source.length)
