"""JPEG: the segments that are kept of a picture, and of the gain map of an HDR picture."""

import struct
from collections.abc import Iterator

from . import exif, icc
from .canvas import Canvas
from .jpeg_gain_map import Rewriter, find_gain_map
from .jpeg_segments import APP0, APP1, APP2, APP13, APP14, APPLICATION_MARKERS, COM, EOI, Jpeg, Segment
from .pieces import Added, Dropped, Kept, Piece, joined, length
from .source import Source

ICC_SIGNATURE = b"ICC_PROFILE\0"
NEEDED = {APP0, APP1, APP2, APP14}
"""Segments that may contain data that decoders need."""
SEGMENT_NAMES = {
    APP0: "thumbnail",
    APP1: "XMP",
    APP2: "application data",
    APP13: "IPTC",
    COM: "comment",
}
# Samsung's trailer. It may follow a picture without end marker, and may contain the bytes of an end marker.
SAMSUNG = b"SEFT"
VIDEO_BOXES = {b"ftyp", b"mdat", b"moov", b"free", b"wide"}
"""The first boxes of a video, which phones append after the end marker."""


def walk_jpeg(source: Source, canvas: Canvas) -> Iterator[Piece]:
    """Yield the pieces of a JPEG: of its first picture and of the gain map of that picture."""
    jpeg = Jpeg(source, canvas)
    gain_map = find_gain_map(source, jpeg, canvas.limits)
    if gain_map is None:
        if not jpeg.ended or jpeg.stop < source.length:
            canvas.end_missing = _is_end_missing(source, jpeg)
        yield from _Cleaner(jpeg, Rewriter({})).pieces()
        return
    canvas.pixels += gain_map.jpeg.canvas.pixels
    canvas.add_work(gain_map.jpeg.canvas.work)
    after = list(_Cleaner(gain_map.jpeg, gain_map.own_rewriter(), turned=False).pieces())
    size = sum(length(piece) for piece in after)
    # The cleaned picture contains its own size: a first pass, with size 0 in its place, measures it.
    primary = sum(length(piece) for piece in _Cleaner(jpeg, gain_map.primary_rewriter(0, size)).pieces())
    yield from _Cleaner(jpeg, gain_map.primary_rewriter(primary, size)).pieces()
    if jpeg.stop < gain_map.jpeg.start:
        yield Dropped(jpeg.stop, gain_map.jpeg.start, "bytes between pictures")
    yield from after


def _is_end_missing(source: Source, jpeg: Jpeg) -> bool:
    """Tell whether the end marker is missing, or may be a part of the data after the picture."""
    trailer = _trailer(source)
    if trailer is not None and trailer < jpeg.stop:
        jpeg.end_before(trailer)
    return not jpeg.ended or not (trailer == jpeg.stop or _is_known(source, jpeg.stop))


def _trailer(source: Source) -> int | None:
    """Return the offset of Samsung's trailer, from its directory at the end of the file; None without one.

    If the picture does not end at that offset, its end marker may be missing, and the end marker that was
    found may be a part of the trailer.
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
    """Tell whether nothing follows an end marker, or only data of a known type.

    Otherwise the marker may be a part of a trailer after a picture without end marker.
    """
    source.seek(stop)
    head = source.take(min(8, source.length - stop))
    return not head.strip(b"\0") or head.startswith(b"\xff\xd8") or head[4:] in VIDEO_BOXES


class _Cleaner:
    """Chooses the parts of one JPEG that are kept.

    Args:
        jpeg: the picture, or its gain map.
        rewriter: rewrites the segments that connect the two. An empty rewriter drops them.
        turned: whether the orientation is kept. A gain map has the orientation of its picture.
    """

    def __init__(self, jpeg: Jpeg, rewriter: Rewriter, *, turned: bool = True) -> None:
        self.jpeg = jpeg
        self.rewriter = rewriter
        self.profile = self._profile()
        self.exif = next(iter(self._beginning(APP1, b"Exif\0")), None) if turned else None
        self.written = 0
        """The number of bytes of the stored file up to the current segment."""

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
        """Yield the pieces of a segment."""
        marker = segment.marker
        if marker not in APPLICATION_MARKERS:
            yield Kept(segment.start, segment.stop)
            return
        # Decoders read colours and orientation before the first scan: later application data is dropped.
        is_header = segment.start <= self.jpeg.header[-1].start
        data = self.jpeg.data(segment)
        kept, what = self._left(segment, data) if is_header else (b"", "")
        if kept == data and data:
            yield Kept(segment.start, segment.stop)
            return
        yield Dropped(segment.start, segment.stop, what or SEGMENT_NAMES.get(marker, "application data"))
        if kept:
            yield Added(struct.pack(">BBH", 0xFF, marker, len(kept) + 2) + kept, what)

    def _left(self, segment: Segment, data: bytes) -> tuple[bytes, str]:
        """Return the data that decoders need of a segment before the first scan, and its name."""
        marker = segment.marker
        if marker not in NEEDED:
            return b"", SEGMENT_NAMES.get(marker, "application data")
        if (left := self.rewriter.replacement(marker, data, self.written)) is not None:
            return left
        if marker == APP0 and data.startswith(b"JFIF\0"):
            # Decoders ignore a shorter one. The last two bytes are the size of the thumbnail after them.
            size = 12 if len(data) >= 14 else 0
            return (data if data[12:] == b"\0\0" else data[:size] + bytes(2 if size else 0)), "JFIF header"
        if marker == APP1 and data.startswith(b"Exif\0"):
            return self._orientation(segment, data)
        if marker == APP2 and data.startswith(ICC_SIGNATURE):
            return self.profile.get(segment.start, b""), "colour profile"
        if marker == APP14 and data.startswith(b"Adobe"):
            # It declares how the colours are coded: YCbCr or RGB, YCCK or CMYK.
            return data[:12] if len(data) >= 12 else b"", "Adobe data"
        return b"", SEGMENT_NAMES.get(marker, "application data")

    def _orientation(self, segment: Segment, data: bytes) -> tuple[bytes, str]:
        """Keep the orientation of the first EXIF. Browsers read no other, and ignore its sixth byte."""
        if segment is not self.exif:
            return b"", "EXIF"
        self.jpeg.canvas.orientation = exif.read_exif(data[6:])
        left = exif.replacement(data[6:])
        return left and b"Exif\0\0" + left, "EXIF"

    def _beginning(self, marker: int, signature: bytes) -> list[Segment]:
        """Find the segments before the first scan that begin with a signature."""
        owned = [each for each in self.jpeg.header if each.marker == marker]
        return [each for each in owned if self.jpeg.data(each).startswith(signature)]

    def _profile(self) -> dict[int, bytes]:
        """Return the data of the colour profile's segments by their offsets, without private tags.

        Decoders ignore a profile that lacks a part, has a part twice or is invalid: it is not kept.
        """
        found = {each.start: self.jpeg.data(each) for each in self._beginning(APP2, ICC_SIGNATURE)}
        if not found:
            return {}
        head = len(ICC_SIGNATURE) + 2
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
