"""The index of a file with several JPEGs (CIPA DC-007, Multi-Picture Format): the offset of each JPEG."""

import struct
from typing import NamedTuple

MPF_SIGNATURE = b"MPF\0"
_VERSION, _NUMBER, _ENTRIES = 0xB000, 0xB001, 0xB002
_LONG, _UNDEFINED = 4, 7
_PRIMARY = 0x030000
"""The attributes of the first picture: a JPEG, the primary one."""
_ENTRY_SIZE = 16
MOST_MPF_ENTRIES = 64
"""The largest number of entries that are read."""


class MpfEntry(NamedTuple):
    """The offset of a picture from the header of the index (0 for the first one), and its size in bytes."""

    offset: int
    size: int


def read_mpf(data: bytes) -> list[MpfEntry]:
    """Read the entries of all pictures after the first; an invalid index has none.

    Args:
        data: the segment, from its signature on. Offsets count from the byte after the signature.
    """
    block = data[len(MPF_SIGNATURE) :]
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if not order or len(block) < 8:
        return []
    (start,) = struct.unpack_from(f"{order}I", block, 4)
    if start + 2 > len(block):
        return []
    (count,) = struct.unpack_from(f"{order}H", block, start)
    entry = struct.Struct(f"{order}HHII")
    for at in range(start + 2, min(start + 2 + 12 * count, len(block) - 11), 12):
        tag, kind, size, value = entry.unpack_from(block, at)
        if (tag, kind) == (_ENTRIES, _UNDEFINED):
            places = struct.Struct(f"{order}4xII4x")
            ends = range(
                value + 2 * _ENTRY_SIZE,
                min(value + size, len(block), value + MOST_MPF_ENTRIES * _ENTRY_SIZE) + 1,
                _ENTRY_SIZE,
            )
            found = [MpfEntry(*reversed(places.unpack_from(block, end - _ENTRY_SIZE))) for end in ends]
            return [place for place in found if place.offset and place.size]
    return []


def write_mpf(primary: int, offset: int, size: int) -> bytes:
    """Return the segment with the index of a picture and its gain map.

    Args:
        primary: the size of the first picture, in bytes.
        offset: the start of the gain map, counted from the byte after the signature of this index.
        size: the size of the gain map, in bytes.
    """
    entries_at = 8 + 2 + 3 * 12 + 4
    return MPF_SIGNATURE + b"".join(
        (
            struct.pack(">2sHIH", b"MM", 42, 8, 3),
            struct.pack(">HHI4s", _VERSION, _UNDEFINED, 4, b"0100"),
            struct.pack(">HHII", _NUMBER, _LONG, 1, 2),
            struct.pack(">HHII", _ENTRIES, _UNDEFINED, 2 * _ENTRY_SIZE, entries_at),
            struct.pack(">I", 0),
            struct.pack(">IIIHH", _PRIMARY, primary, 0, 0, 0),
            struct.pack(">IIIHH", 0, size, offset, 0, 0),
        )
    )
