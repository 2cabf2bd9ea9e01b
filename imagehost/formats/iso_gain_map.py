"""The metadata of gain maps by ISO 21496-1, annex C.2, in an APP2 segment of a JPEG."""

import struct

SIGNATURE = b"urn:iso:std:iso:ts:21496:-1\0"
_VERSIONS = 4
"""Bytes of the lowest version that a reader has to know, and of the version that was written."""
_MANY, _COMMON = 0x80, 0x08
"""Flags: values for each colour; one denominator for all values."""


def version(data: bytes) -> bytes:
    """Return what the picture itself has to say: the versions, without any bytes after them."""
    return data[: len(SIGNATURE) + _VERSIONS] if len(data) >= len(SIGNATURE) + _VERSIONS else b""


def parameters(data: bytes) -> bytes:
    """Return what the gain map has to say, without any bytes after it; nothing if it is too short."""
    head = len(SIGNATURE) + _VERSIONS + 1
    if len(data) < head or struct.unpack_from(">H", data, len(SIGNATURE))[0] != 0:
        return b""
    flags = data[head - 1]
    channels = 3 if flags & _MANY else 1
    size = head + (12 + 20 * channels if flags & _COMMON else 16 + 40 * channels)
    return data[:size] if len(data) >= size else b""
