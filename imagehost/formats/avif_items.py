"""The items of an AVIF (ISO/IEC 14496-12, 8.11; ISO/IEC 23008-12): pictures are kept, metadata is dropped."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from .av1 import Content
from .avif_locations import Extent, locations
from .avif_properties import cleaned
from .boxes import Box, Edit, Span, Table, blank, boxes, erase, table
from .errors import Malformed
from .source import Source

# Coded pictures, and pictures derived from them. All other items are dropped: Exif, XMP (mime), links (uri).
PICTURE_ITEMS = {b"av01", b"grid", b"iovl", b"iden", b"tmap", b"sato"}
METADATA_ITEMS = {b"Exif": "EXIF", b"mime": "XMP"}
KEPT_META_BOXES = {b"hdlr", b"pitm", b"iloc", b"iinf", b"iref", b"iprp", b"idat", b"dinf", b"grpl"}
# The new type of dropped items, which no decoder reads: some decoders refuse a picture whose Exif is no TIFF.
NOTHING = b"free"
# The item names that libavif writes. Other names may be names of files or persons.
KEPT_ITEM_NAMES = {b"", b"Color", b"Alpha", b"GMap", b"TMap"}


@dataclass
class AvifItem:
    """One item: its type, the spans of its data, its properties, and the items that it refers to."""

    kind: bytes
    spans: list[Span] = field(default_factory=list)
    properties: list[tuple[Box, bool]] = field(default_factory=list)  # with whether it is essential
    refers: dict[bytes, list[int]] = field(default_factory=dict)
    content: Content | None = None

    def first(self) -> dict[bytes, Box]:
        """Return the first property of each type by its name; decoders use only the first."""
        return {box.name: box for box, _ in reversed(self.properties)}


class Items:
    """One meta box: its items, their kept data, and the edits that overwrite the rest."""

    def __init__(self, source: Source, meta: Box) -> None:
        self.source = source
        self.items: dict[int, AvifItem] = {}
        self.primary = 0
        self.edits: list[Edit] = []
        self.blanked: list[Edit] = []  # edits of metadata, which must be in a box of data
        self.places: list[Box] = []  # boxes of data in this box
        self._found: dict[bytes, Box] = {}
        if table(source, meta._replace(stop=min(meta.data + 4, meta.stop))).version():
            raise Malformed("its AVIF header is invalid")
        for box in boxes(source, meta.data + 4, meta.stop):
            if box.name not in KEPT_META_BOXES:
                self.edits.append(erase(source, box))
            elif box.name in self._found:
                raise Malformed("an AVIF box occurs more than once")
            else:
                self._found[box.name] = box
        self._read()

    @property
    def contents(self) -> list[Content]:
        """The data of all pictures."""
        return [item.content for item in self.items.values() if item.content]

    def _read(self) -> None:
        """Read the boxes, each after the boxes that it depends on."""
        if handler := self._found.get(b"hdlr"):
            self.edits.append(blank(handler, "name", 12))
            if table(self.source, handler).take(12)[8:] != b"pict":
                raise Malformed("its AVIF header is invalid")
        if information := self._found.get(b"iinf"):
            self._information(information)
        if primary := self._found.get(b"pitm"):
            facts = table(self.source, primary)
            self.primary = facts.number(2 if facts.version() == 0 else 4)
        if references := self._found.get(b"iref"):
            self._references(references)
        if properties := self._found.get(b"iprp"):
            self._properties(properties)
        if dinf := self._found.get(b"dinf"):
            self.edits += no_addresses(self.source, dinf)
        if places := self._found.get(b"iloc"):
            self._place(list(locations(self.source, table(self.source, places))))

    def _information(self, box: Box) -> None:
        """Read the type and the name of each item."""
        head = table(self.source, box._replace(stop=min(box.data + 8, box.stop)))
        count = 2 if head.version() == 0 else 4
        head.number(count)
        for entry in boxes(self.source, box.data + 4 + count, box.stop):
            facts = table(self.source, entry)
            version = facts.version()
            if entry.name != b"infe" or version not in {2, 3}:
                raise Malformed("its AVIF items are invalid")
            number = facts.number(2 if version == 2 else 4)
            facts.number(2)
            if number in self.items:
                raise Malformed("an AVIF item occurs more than once")
            item = self.items[number] = AvifItem(facts.take(4))
            name = facts.take(facts.left())
            if item.kind not in PICTURE_ITEMS:
                start = entry.stop - len(name) - len(item.kind)
                self.edits.append(Edit(start, entry.stop, METADATA_ITEMS.get(item.kind, "metadata"), NOTHING))
            elif name.rstrip(b"\0") not in KEPT_ITEM_NAMES:
                self.edits.append(Edit(entry.stop - len(name), entry.stop, "name"))

    def _references(self, box: Box) -> None:
        """Read the references between items."""
        head = table(self.source, box._replace(stop=min(box.data + 4, box.stop)))
        wide = 4 if head.version() else 2
        for entry in boxes(self.source, box.data + 4, box.stop):
            facts = table(self.source, entry)
            item = self.items.get(facts.number(wide), AvifItem(b""))
            count = facts.number(2)
            self.source.count_part(count)
            item.refers.setdefault(entry.name, []).extend(facts.number(wide) for _ in range(count))

    def _properties(self, box: Box) -> None:
        """Read the properties of the items; blank private properties."""
        found: list[Box] = []
        for part in boxes(self.source, box.data, box.stop):
            if part.name == b"ipco":
                found += boxes(self.source, part.data, part.stop)
            elif part.name == b"ipma":
                self._associate(table(self.source, part), found)
        self.edits += cleaned(self.source, found)

    def _associate(self, facts: Table, found: list[Box]) -> None:
        """Add to each item its properties, by their numbers."""
        head = facts.number(4)
        wide, size = (4 if head >> 24 else 2), (2 if head & 1 else 1)
        for _ in range(facts.number(4)):
            item = self.items.get(facts.number(wide), AvifItem(b""))
            count = facts.number(1)
            self.source.count_part(count + 1)
            for _ in range(count):
                essential, index = divmod(facts.number(size), 1 << 8 * size - 1)
                if index > len(found):
                    raise Malformed("its AVIF items are invalid")
                if index:
                    item.properties.append((found[index - 1], bool(essential)))

    def _place(self, extents: list[Extent]) -> None:
        """Set the spans of all items; keep the data of pictures, and blank thumbnails and metadata."""
        idat = self._found.get(b"idat", Box(b"idat", 0, 0, 0))
        self.places.append(idat)
        for number, method, start, size in extents:
            begin = start + (idat.data if method else 0)
            if method and begin + size > idat.stop:
                raise Malformed("an AVIF item is outside of its data box")
            if size and number in self.items:
                self.items[number].spans.append((begin, begin + size))
        thumbnails = self._thumbnails()
        for number, item in self.items.items():
            if item.kind in PICTURE_ITEMS and number not in thumbnails:
                item.content = Content(self.source, item.spans)
            else:
                what = (
                    "thumbnail" if item.kind in PICTURE_ITEMS else METADATA_ITEMS.get(item.kind, "metadata")
                )
                self.blanked += [Edit(start, stop, what) for start, stop in item.spans]

    def _thumbnails(self) -> set[int]:
        """Return the numbers of thumbnails, their alpha, and pictures that only thumbnails consist of."""
        found = {number for number, item in self.items.items() if b"thmb" in item.refers}
        others = [item for number, item in self.items.items() if number not in found]
        needed = {self.primary}.union(*(item.refers.get(b"dimg", []) for item in others))
        for number, item in self.items.items():
            if found.intersection(item.refers.get(b"auxl", [])):
                found.add(number)
        parts = {part for number in found for part in self.items[number].refers.get(b"dimg", [])}
        return (found | parts) - needed


def no_addresses(source: Source, dinf: Box) -> Iterator[Edit]:
    """Blank the addresses of other files in which the data was stored."""
    for box in boxes(source, dinf.data, dinf.stop):
        if box.name == b"dref":
            for entry in boxes(source, min(box.data + 8, box.stop), box.stop):
                yield blank(entry, "address", 4)
