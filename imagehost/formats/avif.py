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
from .pieces import Added, Dropped, Kept, Piece
from .source import BUFFER, Source

BRANDS = {b"avif", b"avis"}
KEPT = {b"ftyp", b"meta", b"moov", b"mdat"}
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
    parts: list[Items | Tracks] = [*metas, *movies]
    _count(canvas, parts)
    kept = [span for part in parts for span in part.kept]
    blanked = [edit for part in parts for edit in part.blanked]
    _check_places(kept, blanked, [box for box in found if box.name == b"mdat"], end)
    edits = blanked + [edit for part in parts for edit in part.edits]
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
    while at < source.length and not _is_foreign(source, at):
        found.append(box := read(source, at))
        at = box.stop
        if len(found) > MAX_BOXES:
            raise Malformed("it is cut into too many parts")
    if at > source.length:
        raise Malformed("it ends too early")
    return found


def _is_foreign(source: Source, at: int) -> bool:
    """Tell whether bytes behind the picture begin here, which are no box at all or none that fits."""
    source.seek(at)
    head = source.take(min(8, source.length - at))
    size = int.from_bytes(head[:4], "big")
    return head[4:] not in KEPT and (len(head) < 8 or 1 < size < 8 or at + size > source.length)


def _count(canvas: Canvas, parts: list[Items | Tracks]) -> None:
    """Count the frames, each as large as the largest picture."""
    if not any(part.kept for part in parts):
        raise Malformed("it holds no picture")
    size = max((part.size for part in parts), key=lambda size: size[0] * size[1])
    canvas.declare(*size)
    # One by one they would cost time, where a file declares billions.
    canvas.add_frames(max(part.frames for part in parts), *size)


def _check_places(kept: list[tuple[int, int]], blanked: list[Edit], places: list[Box], end: int) -> None:
    """Check that all data are there, and that metadata lie where nothing but data does."""
    if any(stop > end for _, stop in kept):
        raise Malformed("it ends too early")
    for start, stop, _ in blanked:
        if not any(box.data <= start and stop <= box.stop for box in places):
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
        if at < start:
            yield Kept(at, start)
        for at in range(start, stop, BUFFER):
            size = min(BUFFER, stop - at)
            blank = head[at - start : at - start + size].ljust(size, b"\0")
            source.seek(at)
            if source.take(size) == blank:
                yield Kept(at, at + size)
            else:
                yield Dropped(at, at + size, "metadata")
                yield Added(blank, "zeros")
        at = stop
    if at < end:
        yield Kept(at, end)
