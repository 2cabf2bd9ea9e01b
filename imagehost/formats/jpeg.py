"""JPEG: what is kept of the segments of a picture, and of the gain map that makes it an HDR picture."""

import struct
from collections.abc import Iterator

from . import exif, icc
from .canvas import Canvas
from .jpeg_gain_map import Rewriter, find
from .jpeg_segments import APP0, APP1, APP2, APP13, APP14, APPLICATION, COM, EOI, Jpeg, Segment
from .pieces import Added, Dropped, Kept, Piece, joined, length
from .source import Source

PROFILE = b"ICC_PROFILE\0"
NEEDED = {APP0, APP1, APP2, APP14}
"""Segments of which decoders may need something."""
NAMES = {
    APP0: "thumbnail",
    APP1: "XMP",
    APP2: "application data",
    APP13: "IPTC",
    COM: "comment",
}
# Samsung's trailer, which may stand behind a picture without end marker and hold the bytes of one itself.
SAMSUNG = b"SEFT"
VIDEO = {b"ftyp", b"mdat", b"moov", b"free", b"wide"}
"""Boxes that a video begins with, which phones put behind the end marker."""


def walk(source: Source, canvas: Canvas) -> Iterator[Piece]:
    """Yield what is kept of a JPEG: its first picture and the gain map of that."""
    jpeg = Jpeg(source, canvas)
    gain_map = find(source, jpeg, canvas.limits)
    if gain_map is None:
        if not jpeg.ended or jpeg.stop < source.length:
            canvas.end_missing = _is_end_missing(source, jpeg)
        yield from _Cleaner(jpeg, Rewriter({})).pieces()
        return
    canvas.pixels += gain_map.jpeg.canvas.pixels
    canvas.add_work(gain_map.jpeg.canvas.work)
    after = list(_Cleaner(gain_map.jpeg, gain_map.own_rewriter(), turned=False).pieces())
    size = sum(length(piece) for piece in after)
    # The picture tells its own size: a first pass, which does not know that yet, measures it.
    primary = sum(length(piece) for piece in _Cleaner(jpeg, gain_map.primary_rewriter(0, size)).pieces())
    yield from _Cleaner(jpeg, gain_map.primary_rewriter(primary, size)).pieces()
    if jpeg.stop < gain_map.jpeg.start:
        yield Dropped(jpeg.stop, gain_map.jpeg.start, "bytes between pictures")
    yield from after


def _is_end_missing(source: Source, jpeg: Jpeg) -> bool:
    """Tell whether the end marker is missing, or may be a part of what follows the picture."""
    trailer = _trailer(source)
    if trailer is not None and trailer < jpeg.stop:
        jpeg.end_before(trailer)
    return not jpeg.ended or not (trailer == jpeg.stop or _is_known(source, jpeg.stop))


def _trailer(source: Source) -> int | None:
    """Find where Samsung's trailer begins, by its directory at the end of the file; None if there is none.

    If the picture does not end there, its end marker may be missing, and the one that was found may be a part
    of the trailer.
    """
    source.seek(max(source.length - 8, 0))
    tail = source.take(source.length - source.position)
    if len(tail) < 8 or tail[4:] != SAMSUNG:
        return None
    directory = source.length - 8 - int.from_bytes(tail[:4], "little")
    if not 0 <= directory <= source.length - 20:
        return None
    source.seek(directory)
    count = min(int.from_bytes(source.take(12)[8:], "little"), (source.length - 20 - directory) // 12)
    entries = [source.take(12) for _ in range(count)]
    return directory - max((int.from_bytes(entry[4:8], "little") for entry in entries), default=0)


def _is_known(source: Source, stop: int) -> bool:
    """Tell whether nothing follows an end marker, or something that is known to.

    Otherwise the marker may be a part of a trailer behind a picture without one.
    """
    source.seek(stop)
    head = source.take(min(8, source.length - stop))
    return not head.strip(b"\0") or head.startswith(b"\xff\xd8") or head[4:] in VIDEO


class _Cleaner:
    """What is kept of one JPEG.

    Args:
        jpeg: the picture, or its gain map.
        rewriter: rewrites what joins the two; without one, neither is kept.
        turned: whether the orientation is kept. A gain map has that of its picture.
    """

    def __init__(self, jpeg: Jpeg, rewriter: Rewriter, *, turned: bool = True) -> None:
        self.jpeg = jpeg
        self.rewriter = rewriter
        self.profile = self._profile()
        self.exif = next(iter(self._beginning(APP1, b"Exif\0")), None) if turned else None
        self.written = 0
        """Bytes of the stored file up to here."""

    def pieces(self) -> Iterator[Piece]:
        """Yield the pieces of the JPEG."""
        return joined(self._counted())

    def _counted(self) -> Iterator[Piece]:
        self.written = 0
        for piece in self._pieces():
            self.written += length(piece)
            yield piece

    def _pieces(self) -> Iterator[Piece]:
        start = self.jpeg.start
        yield Kept(start, start + 2)
        for segment in self.jpeg.segments:
            if segment.gap < segment.start:
                yield Dropped(segment.gap, segment.start, "bytes between segments")
            yield from self._segment(segment)
        if not self.jpeg.ended:
            yield Added(bytes((0xFF, EOI)), "end marker")

    def _segment(self, segment: Segment) -> Iterator[Piece]:
        """Yield what is left of a segment."""
        marker = segment.marker
        if marker not in APPLICATION:
            yield Kept(segment.start, segment.stop)
            return
        # Decoders have settled colours and orientation before the first scan: from there on, all of it goes.
        is_header = segment.start <= self.jpeg.header[-1].start
        data = self.jpeg.data(segment)
        kept, what = self._left(segment, data) if is_header else (b"", "")
        if kept == data and data:
            yield Kept(segment.start, segment.stop)
            return
        yield Dropped(segment.start, segment.stop, what or NAMES.get(marker, "application data"))
        if kept:
            yield Added(struct.pack(">BBH", 0xFF, marker, len(kept) + 2) + kept, what)

    def _left(self, segment: Segment, data: bytes) -> tuple[bytes, str]:
        """Return what decoders need of a segment before the first scan, and what it is called."""
        marker = segment.marker
        if marker not in NEEDED:
            return b"", NAMES.get(marker, "application data")
        if (left := self.rewriter.replacement(marker, data, self.written)) is not None:
            return left
        if marker == APP0 and data.startswith(b"JFIF\0"):
            # A shorter one is nothing to decoders. The last two bytes are the size of a thumbnail after them.
            size = 12 if len(data) >= 14 else 0
            return (data if data[12:] == b"\0\0" else data[:size] + bytes(2 if size else 0)), "JFIF header"
        if marker == APP1 and data.startswith(b"Exif\0"):
            return self._orientation(segment, data)
        if marker == APP2 and data.startswith(PROFILE):
            return self.profile.get(segment.start, b""), "colour profile"
        if marker == APP14 and data.startswith(b"Adobe"):
            # It tells how the colours are coded: YCbCr or RGB, YCCK or CMYK.
            return data[:12] if len(data) >= 12 else b"", "Adobe data"
        return b"", NAMES.get(marker, "application data")

    def _orientation(self, segment: Segment, data: bytes) -> tuple[bytes, str]:
        """Keep the orientation of the first EXIF, at which browsers stop; they ignore its sixth byte."""
        if segment is not self.exif:
            return b"", "EXIF"
        self.jpeg.canvas.orientation = exif.read(data[6:])
        left = exif.replacement(data[6:])
        return left and b"Exif\0\0" + left, "EXIF"

    def _beginning(self, marker: int, signature: bytes) -> list[Segment]:
        """Find the segments before the first scan that begin with a signature."""
        owned = [each for each in self.jpeg.header if each.marker == marker]
        return [each for each in owned if self.jpeg.data(each).startswith(signature)]

    def _profile(self) -> dict[int, bytes]:
        """Return the segments of the colour profile, without private tags: their data by their place.

        One that lacks a part, has one twice or is no profile is none to decoders: nothing of it is kept.
        """
        found = {each.start: self.jpeg.data(each) for each in self._beginning(APP2, PROFILE)}
        if not found:
            return {}
        head = len(PROFILE) + 2
        order = sorted(found, key=lambda start: found[start][head - 2 : head])
        numbers = [found[start][head - 2 : head] for start in order]
        if numbers != [bytes((number, len(numbers))) for number in range(1, len(numbers) + 1)]:
            return {}
        profile = icc.blanked(b"".join(found[start][head:] for start in order))
        if profile[36:40] != icc.MAGIC:
            return {}
        left, at = {}, 0
        for start in order:
            size = len(found[start]) - head
            left[start] = found[start][:head] + profile[at : at + size]
            at += size
        return left
