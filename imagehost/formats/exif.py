"""The orientation (CIPA DC-008, 4.6): the only part of EXIF that changes how a picture looks."""

import struct

UPRIGHT = 1
# The smallest TIFF that can hold the orientation: header, one entry, no further directory.
_MINIMAL = struct.Struct(">2sHIHHHIHHI")
_ORIENTATION, _SHORT = 0x0112, 3


def minimal(orientation: int) -> bytes:
    """Return an EXIF block that holds only the orientation."""
    return _MINIMAL.pack(b"MM", 42, 8, 1, _ORIENTATION, _SHORT, 1, orientation, 0, 0)


def replacement(block: bytes) -> bytes:
    """Return a block with only the orientation of an EXIF block, or nothing if that is upright."""
    orientation = read_exif(block)
    return b"" if orientation == UPRIGHT else minimal(orientation)


def read_exif(block: bytes) -> int:
    """Read the orientation, 1 to 8, from the first directory; 1 (upright) if it is missing or invalid.

    Pillow falls back on XMP and on text chunks of PNG; browsers do not. A picture and its thumbnail must
    have the same orientation, so only EXIF is used, and the walk drops the other sources.
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
        # Browsers accept only a single value of type SHORT.
        if (tag, kind, values) == (_ORIENTATION, _SHORT, 1):
            return value if 1 <= value <= 8 else UPRIGHT
    return UPRIGHT
