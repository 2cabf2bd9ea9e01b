"""The gain map of an HDR picture: a second JPEG after the first, as in Ultra HDR (XMP) or ISO 21496-1.

Chromium uses it if both JPEGs describe it by the same standard, and the index of the file contains its
offset. Without such an index, other programs find it by the container in the XMP of an Ultra HDR picture.
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
"""The size of a marker and a length, in bytes."""
GAIN_MAP_SEGMENT_NAMES = {
    (APP1, xmp.XMP_SIGNATURE): "XMP",
    (APP2, iso_gain_map.ISO_SIGNATURE): "gain map data",
    (APP2, mpf.MPF_SIGNATURE): "picture index",
}
"""The names of the segments with these signatures."""


@dataclass
class Description:
    """The gain map metadata in the header of a JPEG."""

    packet: xmp.Packet = field(default_factory=xmp.Packet)
    iso: bytes = b""
    places: list[int] = field(default_factory=list)
    """The offsets of further pictures, from the index of the file."""


class Rewriter:
    """Rewrites the segments that connect a picture and its gain map; only the first of each kind is used.

    Args:
        left: the new data of the segments, by their signatures.
        index: the sizes of the picture and of its gain map, in bytes; None if the picture has no index.
    """

    def __init__(self, left: dict[bytes, bytes], index: tuple[int, int] | None = None) -> None:
        self._left = dict(left)
        self._index = index

    def replacement(self, marker: int, data: bytes, written: int) -> tuple[bytes, str] | None:
        """Return the new data of a segment and its name, or None if the segment has no gain map metadata.

        Args:
            marker: the segment's marker.
            data: its data.
            written: the number of bytes of the stored file before it.
        """
        if marker not in OWNERS:
            return None
        for (owner, signature), what in GAIN_MAP_SEGMENT_NAMES.items():
            if marker == owner and data.startswith(signature):
                if signature == mpf.MPF_SIGNATURE:
                    return self._place(written), what
                return self._left.pop(signature, b""), what
        return None

    def _place(self, written: int) -> bytes:
        """Return the index, whose offsets count from the byte after its signature; empty if there is none."""
        if self._index is None:
            return b""
        (primary, size), self._index = self._index, None
        header = written + SEGMENT_HEAD + len(mpf.MPF_SIGNATURE)
        # The first pass does not know the size of the picture, but needs an index of the same length.
        return mpf.write_mpf(primary, max(primary - header, 0), size)


@dataclass
class GainMap:
    """A gain map in a file: its JPEG, its descriptions in both JPEGs, and whether the index contains it."""

    jpeg: Jpeg
    primary: Description
    own: Description
    is_indexed: bool

    def is_described(self) -> bool:
        """Tell whether both JPEGs describe the map by the same standard."""
        return bool(self._by_xmp() or self._by_iso())

    def own_rewriter(self) -> Rewriter:
        """Return the rewriter that keeps the metadata in the map."""
        left = {xmp.XMP_SIGNATURE: xmp.gain_map(self.own.packet)} if self._by_xmp() else {}
        left |= {iso_gain_map.ISO_SIGNATURE: iso_gain_map.parameters(self.own.iso)} if self._by_iso() else {}
        return Rewriter(left)

    def primary_rewriter(self, primary: int, size: int) -> Rewriter:
        """Return the rewriter that keeps the metadata in the picture.

        Args:
            primary: the size of the cleaned picture, in bytes.
            size: the size of the cleaned gain map, in bytes.
        """
        packet, left = self.primary.packet, {}
        if self._by_xmp():
            left[xmp.XMP_SIGNATURE] = xmp.primary(packet.version, size if packet.items else None)
        if self._by_iso():
            left[iso_gain_map.ISO_SIGNATURE] = iso_gain_map.version(self.primary.iso)
        return Rewriter(left, (primary, size) if self.is_indexed else None)

    def _by_xmp(self) -> bool:
        return bool(self.primary.packet.version and self.own.packet.version)

    def _by_iso(self) -> bool:
        return bool(iso_gain_map.version(self.primary.iso) and iso_gain_map.parameters(self.own.iso))


def find_gain_map(source: Source, jpeg: Jpeg, limits: Limits) -> GainMap | None:
    """Return the gain map of a picture, or None. Raises PixelLimit or WorkLimit if it is too large."""
    if not jpeg.ended:
        return None
    primary = describe_gain_map(jpeg)
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
        found = GainMap(second, primary, describe_gain_map(second), start in primary.places)
        if second.ended and found.is_described():
            return found
    return None


def describe_gain_map(jpeg: Jpeg) -> Description:
    """Read the gain map metadata in the header of a JPEG; only the first segment of each kind is used."""
    found = Description()
    seen: set[bytes] = set()
    for segment in jpeg.header:
        if segment.marker not in OWNERS:
            continue
        data = jpeg.data(segment)
        signature = next(
            (
                name
                for owner, name in GAIN_MAP_SEGMENT_NAMES
                if owner == segment.marker and data.startswith(name)
            ),
            b"",
        )
        if not signature or signature in seen:
            continue
        seen.add(signature)
        if signature == xmp.XMP_SIGNATURE:
            found.packet = xmp.read_xmp(data[len(signature) :])
        elif signature == iso_gain_map.ISO_SIGNATURE:
            found.iso = data
        else:
            header = segment.start + SEGMENT_HEAD + len(signature)
            found.places = [header + place.offset for place in mpf.read_mpf(data)]
    return found


def _contained(packet: xmp.Packet, stop: int) -> Iterator[int]:
    """Yield the offsets of gain maps by the container: its items follow one another after the picture."""
    for number, item in enumerate(packet.items):
        sizes = [item.get(name, "0") for name in ("Length", "Padding")]
        if not all(size.isdecimal() and len(size) <= 15 for size in sizes):
            return
        if number and item.get("Semantic") == "GainMap":
            yield stop
        stop += sum(map(int, sizes)) if number else int(sizes[1])
