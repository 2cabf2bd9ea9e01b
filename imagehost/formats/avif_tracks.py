"""The tracks of an animated AVIF (ISO/IEC 14496-12, 8.1 to 8.7): frames, and times that are blanked."""

from collections import deque
from itertools import islice

from .avif_items import Items
from .boxes import Box, Edit, Table, boxes, erase, table
from .errors import Malformed
from .source import Source

# Which boxes of boxes stand in which.
NESTED = {
    b"moov": {b"trak"},
    b"trak": {b"mdia", b"edts"},
    b"mdia": {b"minf"},
    b"minf": {b"stbl", b"dinf"},
    b"stbl": set(),
    b"edts": set(),
    b"dinf": set(),
}
# When it was made and changed, in each of them.
TIMED = {b"mvhd", b"tkhd", b"mdhd"}
TABLES = {b"stsz", b"stsc", b"stco", b"co64"}
KEPT = (
    TIMED
    | TABLES
    | {
        *(b"meta", b"hdlr", b"tref", b"elst", b"vmhd", b"nmhd", b"smhd", b"dref", b"stsd"),
        *(b"stts", b"ctts", b"stss", b"sdtp", b"sgpd", b"sbgp", b"cslg", b"ccst"),
    }
)


class Tracks:
    """One moov box: its frames, the places they are in, and what is overwritten."""

    def __init__(self, source: Source, moov: Box) -> None:
        self.source = source
        self.frames = 0
        self.size = (0, 0)
        self.kept: list[tuple[int, int]] = []
        self.edits: list[Edit] = []
        self.blanked: list[Edit] = []
        self._tables: dict[bytes, Table] = {}
        self._inside(moov)

    def _inside(self, box: Box) -> None:
        """Walk the boxes in a box, as deep as the standard nests them."""
        if box.name == b"stbl":
            self._tables = {}
        for inner in boxes(self.source, box.data, box.stop):
            if inner.name in NESTED[box.name]:
                self._inside(inner)
            elif inner.name in NESTED:
                raise Malformed("its AVIF boxes are nested wrongly")
            elif inner.name in TIMED:
                version = table(self.source, inner).version()
                stop = inner.data + (20 if version else 12)
                self.edits.append(Edit(inner.data + 4, min(stop, inner.stop), b""))
            else:
                self._leaf(inner)
        if box.name == b"stbl":
            self._samples()

    def _leaf(self, box: Box) -> None:
        """Take what a box without boxes tells."""
        if box.name in TABLES:
            if box.name in self._tables:
                raise Malformed("it has an AVIF box twice")
            self._tables[box.name] = table(self.source, box)
        elif box.name == b"meta":
            items = Items(self.source, box)
            self.kept += items.kept
            self.edits += items.edits
            self.blanked += items.blanked
        elif box.name == b"stsd":
            for entry in islice(boxes(self.source, box.data + 8, box.stop), 1):
                facts = table(self.source, entry._replace(stop=min(entry.data + 28, entry.stop)))
                facts.take(24)
                width, height = facts.number(2), facts.number(2)
                self.size = max(self.size, (width, height), key=lambda size: size[0] * size[1])
        elif box.name not in KEPT:
            self.edits.append(erase(self.source, box))

    def _samples(self) -> None:
        """Find the frames of a track: how many of which size in which chunk."""
        sizes, spread = self._tables.get(b"stsz"), self._tables.get(b"stsc")
        offsets, wide = self._tables.get(b"stco"), 4
        if not offsets:
            offsets, wide = self._tables.get(b"co64"), 8
        if not sizes or not spread or not offsets:
            raise Malformed("it lacks an AVIF table")
        runs = deque(self._rows(spread, 4, 3))
        sizes.version()
        same, count = sizes.number(4), sizes.number(4)
        self.frames = max(self.frames, count)
        at = 0
        for number, (start,) in enumerate(self._rows(offsets, wide, 1), 1):
            while len(runs) > 1 and runs[1][0] <= number:
                runs.popleft()
            here = min(runs[0][1], count - at) if runs else 0
            size = here * same
            if not same:
                self.source.count_part(here)
                size = sum(sizes.number(4) for _ in range(here))
            self.kept.append((start, start + size))
            at += here
        if at != count:
            raise Malformed("it lacks frames")

    def _rows(self, facts: Table, wide: int, columns: int) -> list[list[int]]:
        """Read a table of rows behind their number."""
        facts.version()
        count = facts.number(4)
        self.source.count_part(count)
        return [[facts.number(wide) for _ in range(columns)] for _ in range(count)]
