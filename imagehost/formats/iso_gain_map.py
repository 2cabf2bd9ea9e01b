"""Gain map metadata as in ISO 21496-1, annex C.2, in an APP2 segment of a JPEG."""

import struct

ISO_SIGNATURE = b"urn:iso:std:iso:ts:21496:-1\0"
_VERSIONS = 4
"""The size in bytes of the lowest version that a reader must know and of the version of the writer."""
_MANY, _COMMON = 0x80, 0x08
"""Flags: separate values for each colour; one denominator for all values."""


def version(data: bytes) -> bytes:
    """Return the metadata of the main picture: the versions, without bytes after them; empty if too short."""
    return data[: len(ISO_SIGNATURE) + _VERSIONS] if len(data) >= len(ISO_SIGNATURE) + _VERSIONS else b""


def parameters(data: bytes) -> bytes:
    """Return the metadata of the gain map, without bytes after it; empty if it is invalid."""
    head = len(ISO_SIGNATURE) + _VERSIONS + 1
    if len(data) < head or struct.unpack_from(">H", data, len(ISO_SIGNATURE))[0] != 0:
        return b""
    flags = data[head - 1]
    channels = 3 if flags & _MANY else 1
    size = head + (12 + 20 * channels if flags & _COMMON else 16 + 40 * channels)
    return data[:size] if len(data) >= size else b""
