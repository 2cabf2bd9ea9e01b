"""The properties of AVIF pictures (ISO/IEC 23008-12, 6.5), in items and in sample entries."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import NamedTuple

from . import exif, icc
from .boxes import Box, Edit, Table, blank, content, table
from .errors import Malformed
from .source import Source

Size = tuple[int, int]

# Properties for decoding, colours, position and rotation. All others are blanked: texts, times, cameras.
KEPT_PROPERTIES = {
    *(b"ispe", b"pixi", b"av1C", b"auxC", b"auxi", b"a1op", b"a1lx", b"lsel", b"ccst", b"btrt", b"fiel"),
    *(b"colr", b"clli", b"mdcv", b"cclv", b"amve", b"ndwt", b"reve"),
    *(b"pasp", b"clap", b"irot", b"imir", b"rloc", b"iscl"),
}
MARKED = 0x81
"""The first byte of a decoder configuration (av1C), in its only version."""
PROFILES = {b"prof", b"rICC"}
# EXIF's orientation, by the axis of imir (none, upside down, left to right) and by the number of quarter
# turns to the left of irot.
ORIENTATIONS = {None: (exif.UPRIGHT, 8, 3, 6), 0: (4, 5, 2, 7), 1: (2, 7, 4, 5)}


class AvifAppearance(NamedTuple):
    """How browsers show a picture: its size before rotation, and its orientation as an EXIF number."""

    size: Size
    orientation: int


def cleaned(source: Source, found: Iterable[Box]) -> Iterator[Edit]:
    """Blank private properties. None is removed, because items refer to properties by their numbers."""
    for box in found:
        if box.name not in KEPT_PROPERTIES:
            yield blank(box, "description")
        elif box.name == b"colr" and box.stop - box.data > 4:
            source.seek(box.data)
            if source.take(4) in PROFILES:
                profile = content(source, box._replace(data=box.data + 4), icc.LARGEST_PROFILE)
                yield Edit(box.data + 4, box.stop, "colour profile", icc.blanked(profile))


def components(av1c: Table) -> int:
    """Return the number of components per pixel, from the decoder configuration (av1C). Raises Malformed."""
    if av1c.number(1) != MARKED:
        raise Malformed("it contains no picture")
    av1c.number(1)
    return 1 if av1c.number(1) & 0x10 else 3


def declared(source: Source, box: Box) -> Size:
    """Read the size of a picture from its ispe property."""
    facts = table(source, box)
    facts.version()
    return facts.number(4), facts.number(4)


def look(source: Source, size: Size, properties: dict[bytes, Box]) -> AvifAppearance:
    """Return how browsers crop and rotate a picture of the given size. Raises Malformed."""
    angle = axis = None
    if b"irot" in properties:
        angle = table(source, properties[b"irot"]).number(1)
    if b"imir" in properties:
        axis = table(source, properties[b"imir"]).number(1)
    if (angle or 0) > 3 or axis not in ORIENTATIONS:
        raise Malformed("its orientation is invalid")
    if b"clap" in properties:
        size = _cut(source, size, properties[b"clap"])
    return AvifAppearance(size, ORIENTATIONS[axis][angle or 0])


def _cut(source: Source, size: Size, box: Box) -> Size:
    """Return the size of the shown part. Chromium crops only if that part begins at the upper left."""
    facts = table(source, box)
    wide, high = (_fraction(facts.number(4), facts.number(4)) for _ in range(2))
    right, down = (_fraction(facts.signed(4), facts.number(4)) for _ in range(2))
    corner = right + (size[0] - wide) / 2, down + (size[1] - high) / 2
    fits = 0 < wide <= size[0] and 0 < high <= size[1] and wide.denominator == high.denominator == 1
    return (int(wide), int(high)) if fits and not any(corner) else size


def _fraction(above: int, below: int) -> Fraction:
    """Return a fraction, or -1, which fits no picture, if the denominator is 0."""
    return Fraction(above, below) if below else Fraction(-1)
