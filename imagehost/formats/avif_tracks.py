"""The tracks of an animated AVIF (ISO/IEC 14496-12, 8.1 to 8.7): keep pictures, without times and names."""

from .av1 import Content
from .avif_items import no_addresses
from .avif_picture import Coded, Shown
from .avif_properties import Size, cleaned, components, look
from .avif_samples import samples
from .boxes import Box, Edit, Table, blank, boxes, erase, table
from .errors import Malformed
from .source import Source

# The boxes with inner boxes that each box may contain.
NESTED = {
    b"moov": {b"trak"},
    b"trak": {b"mdia", b"edts", b"tref"},
    b"mdia": {b"minf"},
    b"minf": {b"stbl", b"dinf"},
    b"stbl": {b"stsd"},
}
BOXES = {b"trak", b"mdia", b"edts", b"tref", b"minf", b"stbl", b"dinf", b"stsd"}
# Boxes with the times of creation and modification.
TIMED = {b"mvhd", b"tkhd", b"mdhd"}
SAMPLE_TABLES = {b"stsz", b"stsc", b"stco", b"co64"}
KEPT_TRACK_BOXES = {b"vmhd", b"nmhd", b"stts", b"ctts", b"stss", b"sdtp", b"sgpd", b"sbgp", b"cslg"}
PICTURE_HANDLERS = {b"pict", b"vide", b"auxv"}
# A sample entry of pictures: the number of bytes before its boxes, and the offsets and sizes of the fields
# that may name an encoder.
SAMPLE_ENTRY_SIZE = 78
ENCODERS = ((8, 16), (42, 32))


class Track:
    """One track of pictures."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.number = 0
        self.size: Size = (0, 0)
        self.frames: list[Content] = []
        self.refers: dict[bytes, list[int]] = {}
        self.properties: dict[bytes, Box] = {}  # of its first sample entry
        self.tables: dict[bytes, Table] = {}

    @property
    def coded(self) -> Coded:
        """The data that a decoder of the track reads."""
        return Coded(self.frames, components(table(self.source, self.properties[b"av1C"])))


class Tracks:
    """One moov box: its tracks of pictures, and the edits that overwrite the rest."""

    def __init__(self, source: Source, moov: Box) -> None:
        self.source = source
        self.tracks: list[Track] = []
        self.edits: list[Edit] = []
        self._track = Track(source)
        self._inside(moov)

    @property
    def contents(self) -> list[Content]:
        """The frames of all tracks."""
        return [frame for track in self.tracks for frame in track.frames]

    def shown(self) -> Shown:
        """Check the track that browsers play, and its alpha. Raises Malformed."""
        played = [track for track in self.tracks if b"av1C" in track.properties and track.number]
        colour = next((track for track in played if b"auxl" not in track.refers), None)
        if not colour or not colour.frames:
            raise Malformed("it contains no picture")
        alphas = [track for track in played if track.refers.get(b"auxl", [])[:1] == [colour.number]]
        if any(len(alpha.frames) < len(colour.frames) for alpha in alphas[:1]):
            raise Malformed("frames are missing")
        if any(alpha.size != colour.size for alpha in alphas[:1]):
            raise Malformed("its transparency and its colours have different sizes")
        seen = look(self.source, colour.size, colour.properties)
        coded = [track.coded for track in (colour, *alphas[:1])]
        return Shown(seen.size, seen.orientation, len(colour.frames), [colour.size], coded)

    def _inside(self, box: Box) -> None:
        """Walk the boxes in a box, down to the depth that the standard allows."""
        for inner in boxes(self.source, box.data, box.stop):
            if inner.name in BOXES and inner.name not in NESTED[box.name]:
                raise Malformed("its AVIF boxes are nested wrongly")
            if inner.name == b"trak":
                self._trak(inner)
            elif inner.name in NESTED:
                self._inside(inner)
            else:
                self._leaf(inner)

    def _trak(self, box: Box) -> None:
        """Read a track of pictures; replace any other track with empty space."""
        handler = self._handler(box)
        if handler not in PICTURE_HANDLERS:
            self.edits.append(erase(self.source, box, "audio" if handler == b"soun" else "track"))
            return
        self._track = Track(self.source)
        self._inside(box)
        self._track.frames = [
            Content(self.source, [span]) for span in samples(self.source, self._track.tables)
        ]
        self.tracks.append(self._track)

    def _handler(self, trak: Box) -> bytes:
        """Read the type of data in a track; empty if it declares none."""
        for part in boxes(self.source, trak.data, trak.stop):
            if part.name == b"mdia":
                for box in boxes(self.source, part.data, part.stop):
                    if box.name == b"hdlr":
                        return table(self.source, box).take(12)[8:]
        return b""

    def _leaf(self, box: Box) -> None:
        """Read or blank a box whose inner boxes are not walked."""
        if box.name in SAMPLE_TABLES:
            self._table(box)
        elif box.name in TIMED:
            self._times(box)
        elif box.name == b"hdlr":
            self.edits.append(blank(box, "name", 12))
        elif box.name == b"stsd":
            self._entries(box)
        elif box.name == b"tref":
            self._references(box)
        elif box.name == b"dinf":
            self.edits += no_addresses(self.source, box)
        elif box.name == b"edts":
            found = boxes(self.source, box.data, box.stop)
            self.edits += [erase(self.source, part) for part in found if part.name != b"elst"]
        elif box.name not in KEPT_TRACK_BOXES:
            self.edits.append(erase(self.source, box))

    def _table(self, box: Box) -> None:
        """Store a table of samples until all tables have been read."""
        if box.name in self._track.tables:
            raise Malformed("an AVIF box occurs more than once")
        self._track.tables[box.name] = table(self.source, box)

    def _references(self, box: Box) -> None:
        """Read the numbers of the tracks that the track refers to."""
        for part in boxes(self.source, box.data, box.stop):
            facts = table(self.source, part)
            self.source.count_part(facts.left() // 4)
            self._track.refers[part.name] = [facts.number(4) for _ in range(facts.left() // 4)]

    def _times(self, box: Box) -> None:
        """Blank the times of creation and modification; read the number and the size of a track."""
        facts = table(self.source, box)
        wide = 8 if facts.version() else 4
        self.edits.append(blank(box, "times", 4, 2 * wide))
        if box.name == b"tkhd":
            facts.take(2 * wide)
            self._track.number = facts.number(4)
            facts.take(4 + wide + 52)
            self._track.size = facts.number(4) >> 16, facts.number(4) >> 16

    def _entries(self, box: Box) -> None:
        """Read the properties of the frames; blank private properties and the names of encoders."""
        for entry in boxes(self.source, min(box.data + 8, box.stop), box.stop):
            if entry.data + SAMPLE_ENTRY_SIZE > entry.stop:
                raise Malformed("an AVIF box has the wrong length")
            self.edits += [blank(entry, "encoder", begin, size) for begin, size in ENCODERS]
            found = list(boxes(self.source, entry.data + SAMPLE_ENTRY_SIZE, entry.stop))
            self.edits += cleaned(self.source, found)
            if entry.name == b"av01" and not self._track.properties:
                self._track.properties = {part.name: part for part in reversed(found)}
