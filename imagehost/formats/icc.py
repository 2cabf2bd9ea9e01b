"""Colour profiles (ICC.1:2022): what they tell of the monitor that a picture was seen on is blanked."""

import struct

HEADER = 128
"""Bytes before the table of tags."""
MOST = 16 * 1024 * 1024
"""Bytes of the largest profile that is read. Tables for printing take about three million."""
MOST_TAGS = 1000
TYPE = 8
"""Bytes of a tag's type, with the reserved ones: they stay, so that an empty tag of that type is left."""
PRIVATE = {b"mmod", b"dscm"}
"""Apple's tags: maker, model and serial number of a monitor, and its name in many languages."""

_ENTRY = struct.Struct(">4sII")


def blanked(profile: bytes) -> bytes:
    """Fill private tags with zeros, except for bytes that another tag uses too; colours stay as they are.

    Returns:
        A profile of the same length; the very same object if nothing has to change.
    """
    tags = _tags(profile)
    private = [(start, stop) for name, start, stop in tags if name in PRIVATE]
    if not private:
        return profile
    left = bytearray(profile)
    for start, stop in private:
        left[start + TYPE : stop] = bytes(max(0, stop - start - TYPE))
    for name, start, stop in tags:
        if name not in PRIVATE:
            left[start:stop] = profile[start:stop]
    return profile if left == profile else bytes(left)


def _tags(profile: bytes) -> list[tuple[bytes, int, int]]:
    """Read name, start and end of each tag that lies within the profile."""
    if len(profile) < HEADER + 4 or profile[36:40] != b"acsp":
        return []
    (count,) = struct.unpack_from(">I", profile, HEADER)
    fitting = (len(profile) - HEADER - 4) // _ENTRY.size
    entries = (
        _ENTRY.unpack_from(profile, HEADER + 4 + number * _ENTRY.size)
        for number in range(min(count, fitting, MOST_TAGS))
    )
    return [(name, start, start + size) for name, start, size in entries if start + size <= len(profile)]
