"""Small files that are expensive to decode."""

import io
import math
import struct
from functools import cache

from PIL import Image

SIDE = 10_000
EOB = list(range(15))
"""Codes for runs of empty blocks: the n-th run has at least 2**n blocks, and n more bits follow its code."""


class Bits:
    """Bits of the entropy-coded data of a JPEG, the most significant first."""

    def __init__(self) -> None:
        self.value = 0
        self.length = 0

    def add(self, value: int, length: int) -> None:
        self.value = self.value << length | value
        self.length += length

    def data(self) -> bytes:
        """Return the bytes, filled up with ones, and with every FF stuffed."""
        rest = -self.length % 8
        whole = self.value << rest | (1 << rest) - 1
        return whole.to_bytes((self.length + rest) // 8).replace(b"\xff", b"\xff\0")


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def empty_blocks(number: int) -> bytes:
    """Return the data of a progressive scan in which all coefficients are zero."""
    bits = Bits()
    while number:
        size = min(14, number.bit_length() - 1)
        run = min(number, (1 << size + 1) - 1)
        # All codes have four bits.
        bits.add(size, 4)
        bits.add(run - (1 << size), size)
        number -= run
    return bits.data()


def scan(components: range, first: int, last: int, high: int, low: int, data: bytes) -> bytes:
    """Return a scan of some components, with the first Huffman tables."""
    chosen = b"".join(bytes((number + 1, 0)) for number in components)
    head = bytes((len(components),)) + chosen + bytes((first, last, high << 4 | low))
    return segment(0xDA, head) + data


def jpeg(width: int, height: int, components: int, scans: int, *, broken: bool = False) -> bytes:
    """Return a progressive JPEG of one colour, with a number of scans that refine nothing.

    If it is broken, the last scan uses a table that does not exist, so the error comes after all the work.
    """
    blocks = math.ceil(width / 8) * math.ceil(height / 8)
    parts = [b"\xff\xd8", segment(0xDB, bytes((0, *[1] * 64)))]
    parts.append(
        segment(
            0xC2,
            struct.pack(">BHHB", 8, height, width, components)
            + b"".join(bytes((number + 1, 0x11, 0)) for number in range(components)),
        )
    )
    # One code of one bit for the difference of DC, and fifteen codes of four bits for AC.
    parts.append(segment(0xC4, bytes((0x00, 1, *[0] * 15, 0))))
    codes = bytes(number << 4 for number in EOB)
    parts.append(segment(0xC4, bytes((0x10, 0, 0, 0, len(EOB), *[0] * 12)) + codes))
    parts.append(scan(range(components), 0, 0, 0, 0, bytes(math.ceil(blocks * components / 8))))
    data = empty_blocks(blocks)
    parts += [scan(range(number, number + 1), 1, 63, 0, 1, data) for number in range(components)]
    for number in range(scans - components - 1):
        component = number % components
        parts.append(scan(range(component, component + 1), 1, 63, 1, 0, data))
    if broken:
        parts.append(segment(0xDA, bytes((1, 1, 0x03, 1, 63, 0x10))) + b"\0")
    return b"".join([*parts, b"\xff\xd9"])


def grey_jpeg(side: int = SIDE, scans: int = 62) -> bytes:
    """Return a JPEG with two scans, and 60 scans that refine them; the end is broken."""
    return jpeg(side, side, 1, scans, broken=True)


def cmyk_jpeg(side: int = SIDE, scans: int = 100) -> bytes:
    return jpeg(side, side, 4, scans)


def webp(width: int = SIDE, height: int = SIDE) -> bytes:
    """Return a lossless WebP of one colour: five codes of one symbol, so that a pixel needs no bit."""
    value, length = 0, 0
    fields = [(0x2F, 8), (width - 1, 14), (height - 1, 14), (0, 1), (0, 3), (0, 1), (0, 1), (0, 1)]
    for field, size in [*fields, *[(0b0001, 4)] * 5]:
        value |= field << length
        length += size
    data = value.to_bytes((length + 7) // 8, "little")
    data += bytes(len(data) % 2)
    chunk = b"VP8L" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk


@cache
def avif(width: int = SIDE, height: int = SIDE) -> bytes:
    """Return an AVIF of one colour, which needs few bytes."""
    content = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(content, "AVIF", quality=30, speed=10, max_threads=2)
    return content.getvalue()


def png(side: int = SIDE) -> bytes:
    """Return a PNG of one colour."""
    content = io.BytesIO()
    Image.new("RGBA", (side, side)).save(content, "PNG", compress_level=9)
    return content.getvalue()
