"""The items of an AVIF (ISO/IEC 14496-12, 8.11; ISO/IEC 23008-12): pixels, and metadata that are blanked."""

from collections.abc import Iterator
from typing import NamedTuple

from .boxes import Box, Edit, Table, boxes, erase, table
from .errors import Malformed
from .source import Source

# Pixels, and pictures made of them. Everything else goes: Exif, XMP (mime), links (uri).
PIXELS = {b"av01", b"grid", b"iovl", b"iden", b"tmap", b"sato"}
KEPT = {b"hdlr", b"pitm", b"iloc", b"iinf", b"iref", b"iprp", b"idat", b"dinf", b"grpl"}
# Decoders insist that an Exif item holds a TIFF: this one, behind the offset of its header, has no entry.
EMPTY_EXIF = bytes(4) + b"MM\0*\0\0\0\x08" + bytes(6)


class Extent(NamedTuple):
    """A part of an item: where it is, and from the start of what."""

    item: int
    method: int
    start: int
    size: int


class Items:
    """One meta box: what it keeps, what is overwritten, how large its largest picture is."""

    def __init__(self, source: Source, meta: Box) -> None:
        self.source = source
        self.frames = 1
        self.size = (0, 0)
        self.kept: list[tuple[int, int]] = []
        self.edits: list[Edit] = []
        self.blanked: list[Edit] = []  # the same for metadata, which must lie where data lie
        self._idat = Box(b"idat", 0, 0, 0)
        self._kinds: dict[int, bytes] = {}
        self._extents: list[Extent] = []
        if table(source, meta._replace(stop=min(meta.data + 4, meta.stop))).version():
            raise Malformed("its AVIF header makes no sense")
        seen: set[bytes] = set()
        for box in boxes(source, meta.data + 4, meta.stop):
            if box.name in KEPT and box.name in seen:
                raise Malformed("it has an AVIF box twice")
            seen.add(box.name if box.name in KEPT else b"")
            self._box(box)
        self._place()

    def _box(self, box: Box) -> None:
        """Take what a box tells."""
        if box.name == b"iinf":
            self._information(box)
        elif box.name == b"iloc":
            self._extents = list(_locations(self.source, table(self.source, box)))
        elif box.name == b"iprp":
            self._properties(box)
        elif box.name == b"idat":
            self._idat = box
        elif box.name not in KEPT:
            self.edits.append(erase(self.source, box))

    def _information(self, box: Box) -> None:
        """Read what kind each item is of."""
        head = table(self.source, box._replace(stop=min(box.data + 8, box.stop)))
        count = 2 if head.version() == 0 else 4
        head.number(count)
        for entry in boxes(self.source, box.data + 4 + count, box.stop):
            facts = table(self.source, entry)
            version = facts.version()
            if entry.name != b"infe" or version not in {2, 3}:
                raise Malformed("its AVIF items make no sense")
            item = facts.number(2 if version == 2 else 4)
            facts.number(2)
            if item in self._kinds:
                raise Malformed("it has an AVIF item twice")
            self._kinds[item] = facts.take(4)

    def _properties(self, box: Box) -> None:
        """Read the sizes of the pictures; blank what describes them in words."""
        for part in boxes(self.source, box.data, box.stop):
            if part.name != b"ipco":
                continue
            for entry in boxes(self.source, part.data, part.stop):
                if entry.name == b"ispe":
                    facts = table(self.source, entry)
                    facts.version()
                    self.size = max(self.size, (facts.number(4), facts.number(4)), key=_area)
                elif entry.name == b"udes":
                    # Items count the properties, so its place stays taken.
                    self.edits.append(Edit(min(entry.data + 4, entry.stop), entry.stop, b""))

    def _place(self) -> None:
        """Tell pixels from metadata, and where both are in the file."""
        written: dict[int, int] = {}
        for item, method, start, size in self._extents:
            begin = start + (self._idat.data if method else 0)
            if method and begin + size > self._idat.stop:
                raise Malformed("an AVIF item lies outside of its place")
            kind = self._kinds.get(item, b"")
            if kind in PIXELS or not kind:
                self.kept.append((begin, begin + size))
            elif size:
                done = written.get(item, 0)
                edit = Edit(begin, begin + size, EMPTY_EXIF[done:] if kind == b"Exif" else b"")
                (self.edits if method else self.blanked).append(edit)
                written[item] = done + size


def _area(size: tuple[int, int]) -> int:
    return size[0] * size[1]


def _locations(source: Source, facts: Table) -> Iterator[Extent]:
    """Read the places of all items."""
    version = facts.version()
    if version > 2:
        raise Malformed("its AVIF items make no sense")
    sizes = facts.number(2)
    offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    wide = 4 if version == 2 else 2
    seen: set[int] = set()
    for _ in range(facts.number(wide)):
        item = facts.number(wide)
        method = facts.number(2) & 15 if version else 0
        reference, begin, extents = facts.number(2), facts.number(base), facts.number(2)
        source.count_part(extents + 1)
        if method > 1 or reference or item in seen:
            raise Malformed("its AVIF items make no sense")
        seen.add(item)
        for _ in range(extents):
            facts.number(index if version else 0)
            yield Extent(item, method, begin + facts.number(offset), facts.number(length))
