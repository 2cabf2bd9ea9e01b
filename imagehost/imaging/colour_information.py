"""The colour information of a file apart from a profile: chunks of a PNG, the colour property of an AVIF."""

import struct
from dataclasses import dataclass
from typing import BinaryIO

from imagehost import formats
from imagehost.formats.boxes import Box, boxes, table
from imagehost.formats.source import Source
from imagehost.imaging.matrices import Primaries

UNSPECIFIED = 2
BT709_CODE, SRGB_CODE = 1, 13
LIKE_SRGB = {0, 1, 2, 3, 6, 12, 13, 14, 15}
"""Transfer functions of an AVIF that Chromium replaces with that of sRGB, among them the video standards."""
COLOUR_TYPE = 25
"""The offset of the colour type in a PNG."""
CHUNK_SIZES = {b"cICP": 4, b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"cLLI": 8, b"mDCV": 24}
"""The chunks of a PNG with colour information, and their lengths in bytes."""


@dataclass(frozen=True, slots=True)
class CodePoints:
    """Primaries and transfer function by number (ITU-T H.273), and the brightest light in cd/m², if known."""

    primaries: int
    transfer: int
    peak: float | None = None


@dataclass(frozen=True, slots=True)
class ColourInformation:
    """The colour information of a file; ``gamma`` is the gAMA of a PNG, less than 1 in nearly all pictures.

    ``profile_first`` is True if a profile overrides code points, as in AVIF.
    """

    code_points: CodePoints | None = None
    profile_first: bool = False
    is_grey: bool = False
    is_srgb: bool = False
    gamma: float = 0.0
    primaries: Primaries | None = None


def read_colour_information(kind: str, file: BinaryIO) -> ColourInformation:
    """Read the colour information of a cleaned file."""
    if kind == "png":
        return of_png(file)
    if kind == "avif":
        return ColourInformation(of_avif(Source(file)), profile_first=True)
    return ColourInformation()


def of_png(file: BinaryIO) -> ColourInformation:
    """Read the chunks before the pixels; only the first of each name is used."""
    found: dict[bytes, bytes] = {}
    file.seek(COLOUR_TYPE)
    is_grey = file.read(1) in {b"\0", b"\4"}
    file.seek(8)
    while len(head := file.read(8)) == 8:
        size, name = struct.unpack(">I4s", head)
        if name == b"IDAT":
            break
        if size == CHUNK_SIZES.get(name):
            found.setdefault(name, file.read(size))
            size = 0
        file.seek(size + 4, 1)
    gamma = int.from_bytes(found.get(b"gAMA", b"")) / 100_000
    primaries = chromaticities(found.get(b"cHRM", b""))
    return ColourInformation(
        png_code_points(found), is_grey=is_grey, is_srgb=b"sRGB" in found, gamma=gamma, primaries=primaries
    )


def png_code_points(found: dict[bytes, bytes]) -> CodePoints | None:
    """Read the code points from cICP (None if there is none), and the brightest light from cLLI or mDCV."""
    if b"cICP" not in found:
        return None
    primaries, transfer, matrix, full_range = found[b"cICP"]
    if matrix or not full_range:
        return None
    light = found.get(b"cLLI", b"")[:4] or found.get(b"mDCV", b"")[16:20]
    return CodePoints(primaries, transfer, int.from_bytes(light) / 10_000 or None)


def chromaticities(data: bytes) -> Primaries | None:
    """Read the primaries from cHRM; None if there is none."""
    if not data:
        return None
    numbers = [number / 100_000 for number in struct.unpack(">8I", data)]
    white, red, green, blue = zip(numbers[::2], numbers[1::2], strict=True)
    return Primaries(white, red, green, blue)


def of_avif(source: Source) -> CodePoints | None:
    """Read the colour property of the primary picture of an AVIF; None if it has none."""
    try:
        meta = next(box for box in boxes(source, 0, source.length) if box.name == b"meta")
        parts = {box.name: box for box in boxes(source, meta.data + 4, meta.stop)}
        number = table(source, parts[b"pitm"])
        item = number.number(4 if number.version() else 2)
        properties = {box.name: box for box in boxes(source, parts[b"iprp"].data, parts[b"iprp"].stop)}
        listed = list(boxes(source, properties[b"ipco"].data, properties[b"ipco"].stop))
        for index in associated(source, properties[b"ipma"], item):
            data = table(source, listed[index - 1])
            if listed[index - 1].name == b"colr" and data.take(4) == b"nclx":
                return avif_code_points(data.number(2), data.number(2))
    except (StopIteration, KeyError, IndexError, formats.Malformed):
        pass
    return None


def associated(source: Source, box: Box, wanted: int) -> list[int]:
    """Return the numbers of an item's properties, which begin at 1."""
    data = table(source, box)
    head = data.number(4)
    version, wide = head >> 24, head & 1
    for _ in range(data.number(4)):
        item = data.number(4 if version else 2)
        numbers = [data.number(2 if wide else 1) & (0x7FFF if wide else 0x7F) for _ in range(data.number(1))]
        if item == wanted:
            return numbers
    return []


def avif_code_points(primaries: int, transfer: int) -> CodePoints:
    """Return the code points, with those of sRGB in place of unspecified and video ones."""
    return CodePoints(
        BT709_CODE if primaries == UNSPECIFIED else primaries,
        SRGB_CODE if transfer in LIKE_SRGB else transfer,
    )
