"""AVIF (ISO/IEC 14496-12 and 23000-22): boxes, some of which tell where in the file the others' data are.

Since places are told by number, nothing may move: what goes is overwritten with zeros, and cut off only at
the end. The orientation is a property of the picture (irot, imir) and stays; that in Exif counts nowhere.
"""

from collections.abc import Iterator

from .avif_items import Items
from .avif_tracks import Tracks
from .boxes import Box, Edit, erase, read
from .canvas import Canvas
from .errors import Malformed
from .source import BUFFER, Piece, Source, Span

BRANDS = {b"avif", b"avis"}
KEPT = {b"ftyp", b"meta", b"moov", b"mdat"}
EMPTY = {b"free", b"skip", b"uuid"}
MAX_BOXES = 1000


def walk(source: Source, canvas: Canvas) -> Iterator[Piece]:
    """Yield what is kept of an AVIF, up to the end of its last box that is needed."""
    _check_brand(source)
    found = _top(source)
    end = max(box.stop for box in found if box.name in KEPT)
    metas = [Items(source, box) for box in found if box.name == b"meta"]
    movies = [Tracks(source, box) for box in found if box.name == b"moov"]
    if len(metas) > 1 or len(movies) > 1:
        raise Malformed("it has an AVIF box twice")
    _count(canvas, metas, movies)
    kept = [span for part in [*metas, *movies] for span in part.kept]
    edits = [edit for part in [*metas, *movies] for edit in part.edits]
    outer = [box for box in found if box.name in {b"meta", b"moov", b"mdat"}]
    _check_places(kept, edits, outer, end)
    edits += [erase(source, box) for box in found if box.name not in KEPT and box.stop <= end]
    yield from _pieces(source, _checked(edits, kept), end)


def _check_brand(source: Source) -> None:
    """Check that the first box says AVIF."""
    size, name = int.from_bytes(source.take(4), "big"), source.take(4)
    if name != b"ftyp" or not 16 <= size <= 4096 or size % 4:
        raise Malformed("it does not begin like an AVIF")
    brands = source.take(size - 8)
    if not BRANDS & {brands[:4], *(brands[at : at + 4] for at in range(8, len(brands), 4))}:
        raise Malformed("it does not begin like an AVIF")


def _top(source: Source) -> list[Box]:
    """Find the outermost boxes, up to the end or to bytes that are no box."""
    found: list[Box] = []
    at = 0
    while at < source.length:
        # Behind the boxes that a picture needs anything may follow, down to less than the head of a box.
        if len(found) > 2 and not _is_known(source, at):
            break
        found.append(box := read(source, at))
        at = box.stop
        if at > source.length:
            raise Malformed("it ends too early")
        if len(found) > MAX_BOXES:
            raise Malformed("it is cut into too many parts")
    return found


def _is_known(source: Source, at: int) -> bool:
    """Tell whether a box stands here that belongs to a picture."""
    source.seek(at)
    return source.length - at >= 8 and source.take(8)[4:] in KEPT | EMPTY


def _count(canvas: Canvas, metas: list[Items], movies: list[Tracks]) -> None:
    """Count the frames, each as large as the largest picture."""
    sizes = [part.size for part in [*metas, *movies]]
    if not any(meta.kept for meta in metas) and not any(movie.frames for movie in movies):
        raise Malformed("it holds no picture")
    canvas.declare(*max(sizes, key=lambda size: size[0] * size[1]))
    frames = max([1, *(movie.frames for movie in movies)])
    # One by one they would cost time, where a file declares billions.
    canvas.add_frames(frames)


def _check_places(kept: list[tuple[int, int]], edits: list[Edit], outer: list[Box], end: int) -> None:
    """Check that all data are there, and that nothing is overwritten but in boxes made for data."""
    if any(stop > end for _, stop in kept):
        raise Malformed("it ends too early")
    for start, stop, _ in edits:
        if not any(box.data <= start and stop <= box.stop for box in outer):
            raise Malformed("an AVIF item lies outside of its place")


def _checked(edits: list[Edit], kept: list[tuple[int, int]]) -> list[Edit]:
    """Sort what is overwritten; check that none of it is needed, and none twice."""
    spans = sorted(
        [(*edit[:2], True) for edit in edits] + [(*span, False) for span in kept if span[0] < span[1]]
    )
    reach = {True: 0, False: 0}
    for start, stop, edited in spans:
        if start < reach[True] or (edited and start < reach[False]):
            raise Malformed("its AVIF items overlap")
        reach[edited] = max(reach[edited], stop)
    return sorted(edits)


def _pieces(source: Source, edits: list[Edit], end: int) -> Iterator[Piece]:
    """Yield the file, with what is overwritten where it is not blank already."""
    at = 0
    for start, stop, head in edits:
        yield Span(at, start)
        for at in range(start, stop, BUFFER):
            size = min(BUFFER, stop - at)
            blank = head[at - start : at - start + size].ljust(size, b"\0")
            source.seek(at)
            yield Span(at, at + size) if source.take(size) == blank else blank
        at = stop
    yield Span(at, end)
