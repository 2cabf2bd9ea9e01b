"""AVIF (ISO/IEC 14496-12 and 23000-22): boxes, some of which hold the file offsets of other boxes' data.

Since offsets are absolute, nothing may move: dropped data is overwritten with zeros, and cut off only at the
end of the file. Data that no picture uses is overwritten too. The orientation is a property of the picture
(irot, imir) and is kept; no program uses the orientation in the Exif of an AVIF.
"""

from collections.abc import Iterable, Iterator

from . import av1
from .avif_items import Items
from .avif_picture import Shown, Still
from .avif_tracks import Tracks
from .boxes import Box, Edit, Span, erase, read_box
from .canvas import Canvas
from .errors import Malformed
from .pieces import Added, Dropped, Kept, Piece
from .source import BUFFER, Source

AVIF_BRANDS = {b"avif", b"avis"}
KEPT_BOXES = {b"ftyp", b"meta", b"moov", b"mdat"}
MAX_BOXES = 1000
MOST_BRANDS = 144
"""The size of the largest first box that Chromium reads, in bytes."""
MOST_SHARED = 8
"""The maximum size of all pictures together, as a multiple of the file size: pictures may share data."""


def walk_avif(source: Source, canvas: Canvas) -> Iterator[Piece]:
    """Yield the pieces of an AVIF, up to the end of its last needed box. Raises Malformed."""
    brands = _brands(source)
    found = _top(source)
    end = max(box.stop for box in found if box.name in KEPT_BOXES)
    metas = [Items(source, box) for box in found if box.name == b"meta"]
    movies = [Tracks(source, box) for box in found if box.name == b"moov"]
    if len(metas) > 1 or len(movies) > 1:
        raise Malformed("an AVIF box occurs more than once")
    parts: list[Items | Tracks] = [*metas, *movies]
    contents = [content for part in parts for content in part.contents]
    if any(stop > end for content in contents for _, stop in content.spans):
        raise Malformed("it ends too early")
    _measure(source, canvas, _shown(brands, metas, movies))
    kept = [span for content in contents for span in content.used]
    places = [box for box in found if box.name == b"mdat"] + [box for part in metas for box in part.places]
    blanked = {edit for part in metas for edit in part.blanked}
    _check_places(blanked, places)
    edits = [*blanked, *(edit for part in parts for edit in part.edits)]
    edits += [erase(source, box) for box in found if box.name not in KEPT_BOXES and box.stop <= end]
    edits += _no_animation(brands, movies)
    edits = _checked(edits, kept)
    edits += _unused(places, [*kept, *(edit[:2] for edit in edits)])
    yield from _avif_pieces(source, sorted(edits), end)


def _brands(source: Source) -> list[bytes]:
    """Read the brands of the file, the major brand first."""
    size, name = int.from_bytes(source.take(4), "big"), source.take(4)
    if name != b"ftyp" or not 16 <= size <= MOST_BRANDS or size % 4:
        raise Malformed("it does not begin like an AVIF")
    data = source.take(size - 8)
    brands = [data[:4], *(data[at : at + 4] for at in range(8, len(data), 4))]
    if not AVIF_BRANDS.intersection(brands):
        raise Malformed("it does not begin like an AVIF")
    return brands


def _top(source: Source) -> list[Box]:
    """Return the top-level boxes, up to the end of the file or to bytes that are not a box."""
    found: list[Box] = []
    at = 0
    while at < source.length and not _is_foreign(source, at):
        found.append(box := read_box(source, at))
        at = box.stop
        if len(found) > MAX_BOXES:
            raise Malformed("it consists of too many parts")
    if at > source.length:
        raise Malformed("it ends too early")
    return found


def _is_foreign(source: Source, at: int) -> bool:
    """Tell whether bytes after the picture begin here: they are not a box, or a box that does not fit."""
    source.seek(at)
    head = source.take(min(8, source.length - at))
    size = int.from_bytes(head[:4], "big")
    return head[4:] not in KEPT_BOXES and (len(head) < 8 or 1 < size < 8 or at + size > source.length)


def _shown(brands: list[bytes], metas: list[Items], movies: list[Tracks]) -> Shown:
    """Return the picture that browsers show: an animation, if there is one and the major brand allows it."""
    if (b"avif" in brands and not metas) or (b"avis" in brands and not movies):
        raise Malformed("it contains no picture")
    if brands[0] != b"avif":
        if movies and movies[0].tracks:
            return movies[0].shown()
        if b"avis" in brands:
            raise Malformed("it contains no picture")
    if not metas:
        raise Malformed("it contains no picture")
    return Still(metas[0]).shown()


def _no_animation(brands: list[bytes], movies: list[Tracks]) -> Iterator[Edit]:
    """Replace the brand avis if no track is kept: browsers would look for an animation."""
    if not any(movie.tracks for movie in movies):
        for number, brand in enumerate(brands):
            if brand == b"avis":
                yield Edit(12 + 4 * number, 16 + 4 * number, "brand", b"avif")


def _measure(source: Source, canvas: Canvas, shown: Shown) -> None:
    """Count pixels, frames and the work of decoding the first frame."""
    for size in shown.sizes:
        canvas.declare(*size)
    canvas.declare(*shown.size)
    canvas.orientation = shown.orientation
    # A file may declare billions of frames: counting them one by one would take too long.
    canvas.add_frames(shown.frames, *shown.size)
    most = MOST_SHARED * source.length
    for coded in shown.coded:
        for number, content in enumerate(coded.contents):
            most -= content.length
            if most < 0:
                raise Malformed("its AVIF items overlap")
            size = av1.examine(content, first=not number)
            # The decoded picture may be larger than the declared one. Decoders scale it then.
            canvas.declare(*size)
            if not number:
                canvas.add_work(size[0] * size[1] * coded.components)
    canvas.declare(*shown.size)


def _check_places(blanked: Iterable[Edit], places: list[Box]) -> None:
    """Check that metadata is inside of boxes that hold only data."""
    for edit in blanked:
        if not any(box.data <= edit.start and edit.stop <= box.stop for box in places):
            raise Malformed("an AVIF item is outside of its data box")


def _checked(edits: list[Edit], kept: list[Span]) -> list[Edit]:
    """Sort the edits, and check that they overlap neither kept data nor one another."""
    spans = sorted([(*edit[:2], True) for edit in edits] + [(*span, False) for span in kept])
    reach = {True: 0, False: 0}
    for start, stop, edited in spans:
        if start < stop and (start < reach[True] or (edited and start < reach[False])):
            raise Malformed("its AVIF items overlap")
        reach[edited] = max(reach[edited], stop)
    return sorted(edits)


def _unused(places: list[Box], used: list[Span]) -> Iterator[Edit]:
    """Overwrite data that nothing kept uses: sound, and data that other programs left."""
    spans = sorted(used, reverse=True)
    reach = 0
    for box in sorted(places, key=lambda box: box.data):
        at = max(box.data, reach)
        while spans and spans[-1][0] < box.stop:
            start, stop = spans.pop()
            if at < start:
                yield Edit(at, start, "unused data")
            reach = max(reach, stop)
            at = max(at, reach)
        if at < box.stop:
            yield Edit(at, box.stop, "unused data")


def _avif_pieces(source: Source, edits: list[Edit], end: int) -> Iterator[Piece]:
    """Yield the pieces of the file with its edits; blocks that already have the new content are kept."""
    at = 0
    for start, stop, what, head in edits:
        if at < start:
            yield Kept(at, start)
        for at in range(start, stop, BUFFER):
            size = min(BUFFER, stop - at)
            blank = head[at - start : at - start + size].ljust(size, b"\0")
            source.seek(at)
            if source.take(size) == blank:
                yield Kept(at, at + size)
            else:
                yield Dropped(at, at + size, what)
                yield Added(blank, "zeros")
        at = stop
    if at < end:
        yield Kept(at, end)
