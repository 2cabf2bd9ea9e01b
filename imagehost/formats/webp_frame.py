"""The size of a WebP picture, in the first bytes of its VP8 or VP8L data (RFC 6386, 9.1; RFC 9649, 3.4)."""

import struct

from .errors import Malformed
from .source import Source

FRAME_CHUNKS = {b"VP8 ", b"VP8L"}


def measure(source: Source, name: bytes, size: int) -> tuple[int, int]:
    """Read the width and height, in pixels, from a VP8 or VP8L chunk. Raises Malformed."""
    head = source.take(min(size, 10))
    if name == b"VP8 " and len(head) == 10 and not head[0] & 1 and head[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", head, 6)
        return width & 0x3FFF, height & 0x3FFF
    if name == b"VP8L" and len(head) >= 5 and head[0] == 0x2F:
        bits = int.from_bytes(head[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    raise Malformed("its WebP pixel data is invalid")
