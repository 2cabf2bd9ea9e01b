"""Colour profiles (ICC.1:2022): data that identifies the monitor of the user is blanked."""

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

MAGIC = b"acsp"
"""Bytes 36 to 39 of every profile."""
PROFILE_HEADER_SIZE = 128
"""Bytes before the table of tags."""
LARGEST_PROFILE = 16 * 1024 * 1024
"""The size of the largest profile that is read, in bytes. Tables for printing take about three million."""
MOST_TAGS = 1000
TYPE_SIZE = 8
"""The size of a tag's type and reserved bytes. They are kept, so that an empty tag of that type remains."""
PRIVATE = {b"mmod", b"dscm", b"meta"}
"""Tags that identify a monitor: two of Apple's (maker, model and serial number; its name in many languages),
and the dictionary in which colord and DisplayCAL store the data that the monitor reports (EDID)."""

TAG_ENTRY = struct.Struct(">4sII")


class _Range(NamedTuple):
    """A range of bytes of a profile."""

    start: int
    stop: int


def blanked(profile: bytes) -> bytes:
    """Fill private tags, and bytes after the end that the profile declares, with zeros.

    Bytes that another tag also uses are kept, so the colours do not change.

    Returns:
        A profile of the same length; the same object if nothing has to change.
    """
    if len(profile) < PROFILE_HEADER_SIZE + 4 or profile[36:40] != MAGIC:
        return profile
    length, count = (int.from_bytes(profile[at : at + 4], "big") for at in (0, PROFILE_HEADER_SIZE))
    fitting = min(count, (len(profile) - PROFILE_HEADER_SIZE - 4) // TAG_ENTRY.size, MOST_TAGS)
    private, kept = [], [_Range(0, PROFILE_HEADER_SIZE + 4 + fitting * TAG_ENTRY.size)]
    for name, tag in _tags(profile, fitting):
        if name in PRIVATE:
            private.append(_Range(tag.start + TYPE_SIZE, tag.stop))
        else:
            kept.append(tag)
    if length > PROFILE_HEADER_SIZE:
        private.append(_Range(length, len(profile)))
    left = bytearray(profile)
    for start, stop in _merged(private):
        left[start:stop] = bytes(stop - start)
    for start, stop in _merged(kept):
        left[start:stop] = profile[start:stop]
    return profile if left == profile else bytes(left)


def _tags(profile: bytes, count: int) -> Iterator[tuple[bytes, _Range]]:
    """Yield the name and the range of each tag that ends within the profile."""
    for number in range(count):
        name, start, size = TAG_ENTRY.unpack_from(profile, PROFILE_HEADER_SIZE + 4 + number * TAG_ENTRY.size)
        if start + size <= len(profile):
            yield name, _Range(start, start + size)


def _merged(ranges: Iterable[_Range]) -> Iterator[_Range]:
    """Yield ranges that do not overlap, so that a byte is copied only once even if many tags share it."""
    end = 0
    for start, stop in sorted(ranges):
        if stop > max(start, end):
            yield _Range(max(start, end), stop)
            end = stop
