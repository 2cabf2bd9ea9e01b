"""The gain map of an HDR picture: a second JPEG behind the first, by Ultra HDR (XMP) or ISO 21496-1.

Chromium shows it if both JPEGs describe it in the same way, and the index of the file tells where it begins.
Without such an index, the container in the XMP of an Ultra HDR picture tells that to other programs.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from . import iso_gain_map, mpf, xmp
from .canvas import Canvas, Limits
from .errors import Malformed
from .jpeg_segments import APP1, APP2, Jpeg
from .source import Source

OWNERS = {APP1, APP2}
SEGMENT_HEAD = 4
"""Bytes of a marker and a length."""
NAMES = {
    (APP1, xmp.SIGNATURE): "XMP",
    (APP2, iso_gain_map.SIGNATURE): "gain map data",
    (APP2, mpf.SIGNATURE): "picture index",
}
"""What the segments with these signatures are called."""


@dataclass
class Description:
    """What a JPEG says of gain maps in its header."""

    packet: xmp.Packet = field(default_factory=xmp.Packet)
    iso: bytes = b""
    places: list[int] = field(default_factory=list)
    """Where further pictures begin by the index of the file."""


class Rewriter:
    """Rewrites the segments that join a picture to its gain map; the first of each kind counts.

    Args:
        left: what is left of the segments with these signatures.
        index: bytes of the picture and of its gain map, if the picture has an index of both.
    """

    def __init__(self, left: dict[bytes, bytes], index: tuple[int, int] | None = None) -> None:
        self._left = dict(left)
        self._index = index

    def replacement(self, marker: int, data: bytes, written: int) -> tuple[bytes, str] | None:
        """Return what is left of a segment, and its name; None if it has nothing to do with gain maps.

        Args:
            marker: the segment's marker.
            data: its data.
            written: bytes of the stored file before it.
        """
        if marker not in OWNERS:
            return None
        for (owner, signature), what in NAMES.items():
            if marker == owner and data.startswith(signature):
                if signature == mpf.SIGNATURE:
                    return self._place(written), what
                return self._left.pop(signature, b""), what
        return None

    def _place(self, written: int) -> bytes:
        """Write the index, which counts from the byte after its signature."""
        if self._index is None:
            return b""
        (primary, size), self._index = self._index, None
        header = written + SEGMENT_HEAD + len(mpf.SIGNATURE)
        # Until the size of the picture is known, an index of the same length is written.
        return mpf.write(primary, max(primary - header, 0), size)


@dataclass
class GainMap:
    """A gain map in a file: its JPEG, how both JPEGs describe it, and whether the index leads to it."""

    jpeg: Jpeg
    primary: Description
    own: Description
    is_indexed: bool

    def is_described(self) -> bool:
        """Tell whether both JPEGs describe the map in the same way."""
        return bool(self._by_xmp() or self._by_iso())

    def own_rewriter(self) -> Rewriter:
        """Keep what the map says of itself."""
        left = {xmp.SIGNATURE: xmp.gain_map(self.own.packet)} if self._by_xmp() else {}
        left |= {iso_gain_map.SIGNATURE: iso_gain_map.parameters(self.own.iso)} if self._by_iso() else {}
        return Rewriter(left)

    def primary_rewriter(self, primary: int, size: int) -> Rewriter:
        """Keep what the picture says of its map, given the bytes of both when they are cleaned."""
        packet, left = self.primary.packet, {}
        if self._by_xmp():
            left[xmp.SIGNATURE] = xmp.primary(packet.version, size if packet.items else None)
        if self._by_iso():
            left[iso_gain_map.SIGNATURE] = iso_gain_map.version(self.primary.iso)
        return Rewriter(left, (primary, size) if self.is_indexed else None)

    def _by_xmp(self) -> bool:
        return bool(self.primary.packet.version and self.own.packet.version)

    def _by_iso(self) -> bool:
        return bool(iso_gain_map.version(self.primary.iso) and iso_gain_map.parameters(self.own.iso))


def find(source: Source, jpeg: Jpeg, limits: Limits) -> GainMap | None:
    """Find the gain map of a picture. Raises PixelLimit or WorkLimit if it is too large."""
    if not jpeg.ended:
        return None
    primary = describe(jpeg)
    if not (primary.packet.version or iso_gain_map.version(primary.iso)):
        return None
    for start in (*primary.places, *_contained(primary.packet, jpeg.stop)):
        if not jpeg.stop <= start < source.length - 1:
            continue
        source.seek(start)
        try:
            second = Jpeg(source, Canvas(limits))
        except Malformed:
            continue
        found = GainMap(second, primary, describe(second), start in primary.places)
        if second.ended and found.is_described():
            return found
    return None


def describe(jpeg: Jpeg) -> Description:
    """Read what the header of a JPEG says of gain maps; the first segment of each kind counts."""
    found = Description()
    seen: set[bytes] = set()
    for segment in jpeg.header:
        if segment.marker not in OWNERS:
            continue
        data = jpeg.data(segment)
        signature = next(
            (name for owner, name in NAMES if owner == segment.marker and data.startswith(name)), b""
        )
        if not signature or signature in seen:
            continue
        seen.add(signature)
        if signature == xmp.SIGNATURE:
            found.packet = xmp.read(data[len(signature) :])
        elif signature == iso_gain_map.SIGNATURE:
            found.iso = data
        else:
            header = segment.start + SEGMENT_HEAD + len(signature)
            found.places = [header + place.offset for place in mpf.read(data)]
    return found


def _contained(packet: xmp.Packet, stop: int) -> Iterator[int]:
    """Yield where gain maps begin by the container: its items follow one another after the picture."""
    for number, item in enumerate(packet.items):
        sizes = [item.get(name, "0") for name in ("Length", "Padding")]
        if not all(size.isdecimal() and len(size) <= 15 for size in sizes):
            return
        if number and item.get("Semantic") == "GainMap":
            yield stop
        stop += sum(map(int, sizes)) if number else int(sizes[1])
