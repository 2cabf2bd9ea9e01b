"""The picture of an AVIF that browsers show: its primary item or its first track, if any."""

from typing import NamedTuple

from .av1 import Content
from .avif_items import AvifItem, Items
from .avif_properties import Size, components, declared, look
from .boxes import Table, table
from .errors import Malformed

ALPHA = {b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1"}
# Properties that decoders refuse unless they are marked as essential.
ESSENTIAL = {b"irot", b"imir", b"clap"}
# Properties that decoders know. A picture with another one that is marked as essential is not shown.
KNOWN_PROPERTIES = ESSENTIAL | {
    b"ispe",
    b"pixi",
    b"av1C",
    b"auxC",
    b"a1op",
    b"lsel",
    b"colr",
    b"pasp",
    b"clli",
}
# Types of pictures whose alpha is used. The alpha of a picture that is derived from one other is ignored.
WITH_ALPHA = {b"av01", b"grid"}


class Coded(NamedTuple):
    """AV1 data for one decoder (one item, or all frames of a track), and its components per pixel."""

    contents: list[Content]
    components: int


class Shown(NamedTuple):
    """The shown picture: its size before rotation, all sizes that are declared, and the data to decode."""

    size: Size
    orientation: int
    frames: int
    sizes: list[Size]
    coded: list[Coded]


class Still:
    """The primary item of an AVIF."""

    def __init__(self, items: Items) -> None:
        self._source = items.source
        self._primary = items.primary
        self._items = items.items
        self._completed: dict[int, list[int]] = {}  # by item: items that add alpha or a gain map to it
        for number, item in self._items.items():
            for target in self._targets(item):
                self._completed.setdefault(target, []).append(number)

    def shown(self) -> Shown:
        """Check the primary item and all items that it consists of. Raises Malformed."""
        primary = self._items.get(self._primary)
        if primary is None:
            raise Malformed("it contains no picture")
        for box, essential in primary.properties:
            if box.name in ESSENTIAL and not essential:
                raise Malformed("its orientation is invalid")
            if essential and box.name not in KNOWN_PROPERTIES:
                raise Malformed("it contains no picture")
        seen = look(self._source, self._size(primary), primary.first())
        parts = [self._items[number] for number in self._parts()]
        sizes = [self._size(item) for item in parts if item.kind != b"tmap"]
        coded = [self._coded(item) for item in parts if item.kind == b"av01"]
        if not coded:
            raise Malformed("it contains no picture")
        return Shown(seen.size, seen.orientation, 1, sizes, coded)

    def _parts(self) -> list[int]:
        """Return the numbers of all items that the picture consists of, with its alpha and its gain map."""
        found: dict[int, None] = {}
        left = [self._primary]
        while left:
            number = left.pop()
            if number not in found:
                found[number] = None
                left += [*self._sources(number), *self._completing(number)]
        return list(found)

    def _completing(self, number: int) -> list[int]:
        """Return the items that add alpha or a gain map to a picture. Its alpha must have its size."""
        item = self._items[number]
        found = self._completed.get(number, [])
        if item.kind not in WITH_ALPHA:
            return [other for other in found if self._items[other].kind == b"tmap"]
        for other in found:
            if self._items[other].kind != b"tmap" and self._size(self._items[other]) != self._size(item):
                raise Malformed("its transparency and its colours have different sizes")
        return found

    def _targets(self, item: AvifItem) -> list[int]:
        """Return the numbers of the pictures to which an item adds alpha or a gain map."""
        if not item.content:
            return []
        if item.kind == b"tmap":
            return item.refers.get(b"dimg", [])[:1]
        box = item.first().get(b"auxC")
        unknown = any(essential and part.name not in KNOWN_PROPERTIES for part, essential in item.properties)
        if not box or unknown or not item.content.length:
            return []
        kind = self._read(box.data + 4, box.stop).split(b"\0")[0]
        return item.refers.get(b"auxl", []) if kind in ALPHA else []

    def _sources(self, number: int) -> list[int]:
        """Return the numbers of the items from which a picture is derived."""
        item = self._items.get(number)
        if item is None or item.content is None:
            raise Malformed("it contains no picture")
        sources = item.refers.get(b"dimg", [])
        if item.kind == b"grid" and not self._fits(item, item.content, len(sources)):
            raise Malformed("its AVIF tile grid is invalid")
        return sources if item.kind != b"av01" else []

    def _fits(self, grid: AvifItem, content: Content, tiles: int) -> bool:
        """Tell whether a grid has the tiles and the size that it declares."""
        facts = Table(content.take(0, 12))
        facts.number(1)
        wide = 4 if facts.number(1) & 1 else 2
        rows, columns = facts.number(1) + 1, facts.number(1) + 1
        return rows * columns == tiles and (facts.number(wide), facts.number(wide)) == self._size(grid)

    def _size(self, item: AvifItem) -> Size:
        box = item.first().get(b"ispe")
        if box is None:
            raise Malformed("it contains no picture")
        return declared(self._source, box)

    def _coded(self, item: AvifItem) -> Coded:
        box = item.first().get(b"av1C")
        if box is None or item.content is None:
            raise Malformed("it contains no picture")
        return Coded([item.content], components(table(self._source, box)))

    def _read(self, start: int, stop: int) -> bytes:
        self._source.seek(start)
        return self._source.take(min(max(stop - start, 0), 100))
