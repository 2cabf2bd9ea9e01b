"""Read ICC profiles as Chromium does, and write them for littlecms with the tags that Chromium uses."""

import struct
from dataclasses import dataclass

from imagehost.formats.icc import PROFILE_HEADER_SIZE, TAG_ENTRY
from imagehost.imaging.matrices import D50, Matrix, Vector, transposed

MOST_CONVERTED_TAGS = 100
"""The maximum number of tags that a profile may have. Real profiles have fewer."""
MOST_OF_TAG = 512 * 1024
"""The size limit of a curve, in bytes. The largest sensible curves have a quarter of it."""
NEWEST_VERSION = 4
"""The last version that Chromium knows."""
WRITTEN_VERSION = 0x02400000
"""The version of written profiles. With this version, littlecms does not change the black point."""
TOLERANCE = 0.01
"""The largest difference between the white of a profile and D50, in each of X, Y and Z."""
RGB, GREY, CMYK = b"RGB ", b"GRAY", b"CMYK"
XYZ, LAB = b"XYZ ", b"Lab "
MATRIX_TAGS = (b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC")
GREY_TAGS = (b"kTRC",)
TABLE_TAGS = (b"A2B0", b"A2B1")
"""Tables that convert to XYZ or Lab, in the order in which Chromium looks for them."""
LEGACY_LAB = 65280 / 65535
"""The largest value of Lab in 16-bit tables, by the standard and in littlecms. In Chromium it is 1."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The parts of a profile that are read: colour space, connection space, version and tags."""

    space: bytes
    connection: bytes
    version: int
    tags: dict[bytes, memoryview]

    def code_points(self) -> bytes:
        """Return the code points (ITU-T H.273) of the cicp tag as bytes; empty if there is none."""
        tag = bytes(self.tags.get(b"cicp", b"")[:12])
        return tag[8:] if tag[:4] == b"cicp" else b""


def read_profile(data: bytes) -> Profile | None:
    """Read a profile, or return None if Chromium considers it broken."""
    if len(data) < PROFILE_HEADER_SIZE + 4 or data[36:40] != b"acsp":
        return None
    size, version, space, connection = struct.unpack_from(">I4xB7x4s4s", data)
    white = struct.unpack_from(">3i", data, 68)
    (count,) = struct.unpack_from(">I", data, PROFILE_HEADER_SIZE)
    if (
        size > len(data)
        or version > NEWEST_VERSION
        or connection not in {XYZ, LAB}
        or count > MOST_CONVERTED_TAGS
    ):
        return None
    if any(abs(value / 65536 - wanted) > TOLERANCE for value, wanted in zip(white, D50, strict=True)):
        return None
    if PROFILE_HEADER_SIZE + 4 + count * TAG_ENTRY.size > size:
        return None
    view = memoryview(data)
    tags: dict[bytes, memoryview] = {}
    for number in range(count):
        name, start, length = TAG_ENTRY.unpack_from(data, PROFILE_HEADER_SIZE + 4 + number * TAG_ENTRY.size)
        if start + length > size:
            return None
        tags.setdefault(name, view[start : start + length])
    return Profile(space, connection, version, tags)


def for_littlecms(profile: Profile) -> bytes | None:
    """Return a new version of a profile, so that littlecms converts its colours as Chromium does.

    Data that littlecms uses and Chromium ignores is left out: the class, the black point, other tables.

    Returns:
        The profile, or None if Chromium ignores it because tags are missing.
    """
    tags, space = profile.tags, profile.space
    table = next((tags[name] for name in TABLE_TAGS if name in tags), None)
    if space == GREY:
        return chosen(profile, GREY_TAGS) if profile.connection == XYZ else None
    if table is not None:
        inks = CMYK if space == CMYK else RGB
        return write_profile(inks, profile.connection, {b"A2B0": widened(table, profile)})
    return None if space == CMYK else chosen(profile, MATRIX_TAGS)


def chosen(profile: Profile, names: tuple[bytes, ...]) -> bytes | None:
    """Return a profile with these tags, or None if a tag is missing or too large."""
    tags = {name: bytes(profile.tags.get(name, b"")[:MOST_OF_TAG]) for name in names}
    return (
        write_profile(GREY if profile.space == GREY else RGB, XYZ, tags)
        if all(0 < len(tag) < MOST_OF_TAG for tag in tags.values())
        else None
    )


def widened(table: memoryview, profile: Profile) -> bytes:
    """Scale the output curves of a 16-bit table, so that littlecms reads the same Lab as Chromium."""
    if bytes(table[:4]) != b"mft2" or profile.connection != LAB or len(table) < 52:
        return bytes(table)
    inputs, outputs, grid = table[8:11]
    entered, left = struct.unpack_from(">HH", table, 48)
    start = 52 + 2 * (inputs * entered + grid**inputs * outputs)
    curves = struct.Struct(f">{outputs * left}H")
    if start + curves.size > len(table):
        return bytes(table)
    values = (round(value * LEGACY_LAB) for value in curves.unpack_from(table, start))
    return b"".join((table[:start], curves.pack(*values), table[start + curves.size :]))


def of_matrix(colours: Matrix, curve: bytes) -> bytes:
    """Return the profile of an RGB space with a matrix to XYZ and one curve for all channels."""
    columns = dict(zip(MATRIX_TAGS[:3], transposed(colours), strict=True))
    tags = {name: b"XYZ \0\0\0\0" + fixed(*column) for name, column in columns.items()}
    return write_profile(RGB, XYZ, tags | dict.fromkeys(MATRIX_TAGS[3:], curve))


def of_table(nodes: int, colours: list[Vector]) -> bytes:
    """Return the profile of an RGB space with a table.

    Args:
        nodes: the number of nodes on each axis.
        colours: the XYZ of all nodes, in the order in which blue changes fastest and red slowest.
    """
    identity = struct.pack(">2H", 0, 65535)
    numbers = [min(max(number, 0), 65535) for colour in colours for number in lab(colour)]
    head = struct.pack(">4s4x4B", b"mft2", 3, 3, nodes, 0) + fixed(1, 0, 0, 0, 1, 0, 0, 0, 1)
    table = struct.pack(f">HH12s{len(numbers)}H12s", 2, 2, identity * 3, *numbers, identity * 3)
    return write_profile(RGB, LAB, {b"A2B0": head + table})


def lab(colour: Vector) -> tuple[int, int, int]:
    """Convert XYZ to Lab with 16 bits."""
    x, y, z = (_cube_root(part / white) for part, white in zip(colour, D50, strict=True))
    return (
        round(652.8 * (116 * y - 16)),
        round(256 * (500 * (x - y) + 128)),
        round(256 * (200 * (y - z) + 128)),
    )


def _cube_root(part: float) -> float:
    """Return the cube root, or for small numbers the linear function of Lab."""
    return float(part ** (1 / 3)) if part > 216 / 24389 else (24389 / 27 * part + 16) / 116


def parametric(kind: int, *numbers: float) -> bytes:
    """Return a parametric curve (ICC.1:2022, 10.18)."""
    return struct.pack(">4s4xHxx", b"para", kind) + fixed(*numbers)


def fixed(*numbers: float) -> bytes:
    """Return the bytes of numbers with 16 bits before and 16 bits after the point."""
    return struct.pack(f">{len(numbers)}i", *(round(number * 65536) for number in numbers))


def write_profile(space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    """Return the bytes of a profile."""
    start = PROFILE_HEADER_SIZE + 4 + len(tags) * TAG_ENTRY.size
    table, data = struct.pack(">I", len(tags)), b""
    for name, tag in tags.items():
        table += TAG_ENTRY.pack(name, start + len(data), len(tag))
        data += tag + bytes(-len(tag) % 4)
    size = start + len(data)
    head = struct.pack(">I4xI4s4s4s12x4s28x", size, WRITTEN_VERSION, b"scnr", space, connection, b"acsp")
    return head + fixed(*D50) + bytes(PROFILE_HEADER_SIZE - len(head) - 12) + table + data
