"""The one thing in EXIF that says how a picture looks: its orientation (CIPA DC-008, 4.6)."""

import struct

UPRIGHT = 1
# The smallest TIFF that can say it: header, one entry, no further directory.
_MINIMAL = struct.Struct(">2sHIHHHIHHI")
_ORIENTATION, _SHORT = 0x0112, 3


def minimal(orientation: int) -> bytes:
    """Write an EXIF block that holds the orientation and nothing else."""
    return _MINIMAL.pack(b"MM", 42, 8, 1, _ORIENTATION, _SHORT, 1, orientation, 0, 0)


def replacement(block: bytes) -> bytes:
    """Write what is left of an EXIF block: its orientation, or nothing where that is upright."""
    orientation = read(block)
    return b"" if orientation == UPRIGHT else minimal(orientation)


def read(block: bytes) -> int:
    """Read the orientation, 1 to 8, from the first directory; upright unless it is well told.

    Pillow falls back on XMP and on text chunks of PNG. Browsers do not, and a file must not be shown
    one way by them and another way in its thumbnail: only EXIF counts, and the walk drops the others.
    """
    block = block.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if not order or len(block) < 8:
        return UPRIGHT
    (start,) = struct.unpack_from(f"{order}I", block, 4)
    if start + 2 > len(block):
        return UPRIGHT
    (count,) = struct.unpack_from(f"{order}H", block, start)
    entry = struct.Struct(f"{order}HHIH")
    for at in range(start + 2, min(start + 2 + 12 * count, len(block) - 11), 12):
        tag, kind, values, value = entry.unpack_from(block, at)
        # Browsers take one short and nothing else.
        if (tag, kind, values) == (_ORIENTATION, _SHORT, 1):
            return value if 1 <= value <= 8 else UPRIGHT
    return UPRIGHT
