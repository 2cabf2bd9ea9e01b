"""What describes the pictures of an AVIF (ISO/IEC 23008-12, 6.5): of items, and in sample entries."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import NamedTuple

from . import exif, icc
from .boxes import Box, Edit, Table, blank, content, table
from .errors import Malformed
from .source import Source

Size = tuple[int, int]

# How pictures are decoded, coloured, placed and turned. All others are blanked: words, times, cameras.
KEPT = {
    *(b"ispe", b"pixi", b"av1C", b"auxC", b"auxi", b"a1op", b"a1lx", b"lsel", b"ccst", b"btrt", b"fiel"),
    *(b"colr", b"clli", b"mdcv", b"cclv", b"amve", b"ndwt", b"reve"),
    *(b"pasp", b"clap", b"irot", b"imir", b"rloc", b"iscl"),
}
MARKED = 0x81
"""How the configuration of a decoder begins, in the only version of it."""
PROFILES = {b"prof", b"rICC"}
# By the axis of imir (none, upside down, left to right) and the quarters of irot, which turn to the left.
TURNS = {None: (exif.UPRIGHT, 8, 3, 6), 0: (4, 5, 2, 7), 1: (2, 7, 4, 5)}


class Look(NamedTuple):
    """How browsers show a picture: its size before it is turned, and EXIF's number for the turn."""

    size: Size
    orientation: int


def cleaned(source: Source, found: Iterable[Box]) -> Iterator[Edit]:
    """Blank what is private. Items count the properties, so each of them keeps its place."""
    for box in found:
        if box.name not in KEPT:
            yield blank(box, "description")
        elif box.name == b"colr" and box.stop - box.data > 4:
            source.seek(box.data)
            if source.take(4) in PROFILES:
                profile = content(source, box._replace(data=box.data + 4), icc.MOST)
                yield Edit(box.data + 4, box.stop, "colour profile", icc.blanked(profile))


def components(av1c: Table) -> int:
    """Tell by the configuration of a decoder how many components a pixel has."""
    if av1c.number(1) != MARKED:
        raise Malformed("it holds no picture")
    av1c.number(1)
    return 1 if av1c.number(1) & 0x10 else 3


def declared(source: Source, box: Box) -> Size:
    """Read the size of a picture out of ispe."""
    facts = table(source, box)
    facts.version()
    return facts.number(4), facts.number(4)


def look(source: Source, size: Size, properties: dict[bytes, Box]) -> Look:
    """Tell how browsers cut and turn a picture of a size."""
    angle = axis = None
    if b"irot" in properties:
        angle = table(source, properties[b"irot"]).number(1)
    if b"imir" in properties:
        axis = table(source, properties[b"imir"]).number(1)
    if (angle or 0) > 3 or axis not in TURNS:
        raise Malformed("its orientation makes no sense")
    if b"clap" in properties:
        size = _cut(source, size, properties[b"clap"])
    return Look(size, TURNS[axis][angle or 0])


def _cut(source: Source, size: Size, box: Box) -> Size:
    """Tell the size of the part that is shown. Chromium cuts only where that begins at the upper left."""
    facts = table(source, box)
    wide, high = (_fraction(facts.number(4), facts.number(4)) for _ in range(2))
    right, down = (_fraction(facts.signed(4), facts.number(4)) for _ in range(2))
    corner = right + (size[0] - wide) / 2, down + (size[1] - high) / 2
    fits = 0 < wide <= size[0] and 0 < high <= size[1] and wide.denominator == high.denominator == 1
    return (int(wide), int(high)) if fits and not any(corner) else size


def _fraction(above: int, below: int) -> Fraction:
    """Make a fraction; one that makes no sense fits nowhere."""
    return Fraction(above, below) if below else Fraction(-1)
