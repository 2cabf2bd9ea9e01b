"""The boxes of AVIF files, and the properties that describe a picture in them."""

import struct
from dataclasses import dataclass

ALPHA = b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0"
ESSENTIAL = {b"av1C", b"irot", b"imir", b"clap", b"a1op", b"lsel"}
MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def box(name: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data) + 8) + name + data


def full(name: bytes, data: bytes = b"", version: int = 0, flags: int = 0) -> bytes:
    return box(name, struct.pack(">I", version << 24 | flags) + data)


def file_type(major: bytes, *compatible: bytes) -> bytes:
    return box(b"ftyp", major + bytes(4) + b"".join(compatible))


def handler(kind: bytes, name: bytes = b"") -> bytes:
    return full(b"hdlr", bytes(4) + kind + bytes(12) + name + b"\0")


# Properties of items, and of sample entries.


def ispe(width: int, height: int) -> bytes:
    return full(b"ispe", struct.pack(">II", width, height))


def irot(quarters: int) -> bytes:
    return box(b"irot", bytes((quarters,)))


def imir(axis: int) -> bytes:
    return box(b"imir", bytes((axis,)))


def clap(width: int, height: int, right: int = 0, down: int = 0) -> bytes:
    """Return a box that crops a picture. The offsets of its centre are in halves of a pixel."""
    return box(b"clap", struct.pack(">IIIIiIiI", width, 1, height, 1, right, 2, down, 2))


def auxiliary(urn: bytes = ALPHA) -> bytes:
    return full(b"auxC", urn)


def profile(data: bytes, kind: bytes = b"prof") -> bytes:
    return box(b"colr", kind + data)


def nclx(primaries: int = 1, transfer: int = 13, matrix: int = 6) -> bytes:
    return box(b"colr", b"nclx" + struct.pack(">HHHB", primaries, transfer, matrix, 0x80))


@dataclass(frozen=True)
class Coded:
    """AV1 data of an encoder, and the box that configures the decoder."""

    data: bytes
    av1c: bytes
    size: tuple[int, int]

    @property
    def properties(self) -> tuple[bytes, ...]:
        return (ispe(*self.size), self.av1c)


def coded(avif: bytes, item: int = 1) -> Coded:
    """Return an item of a file that libavif wrote. It always writes the properties in the same order."""
    at = avif.index(b"iloc") + 4
    count = struct.unpack_from(">H", avif, at + 6)[0]
    places = {}
    for number in range(count):
        name, _, _, start, size = struct.unpack_from(">HHHII", avif, at + 8 + 14 * number)
        places[name] = avif[start : start + size]
    sizes, configurations = _found(avif, b"ispe", 20), _found(avif, b"av1C", 12)
    width, height = struct.unpack_from(">II", sizes[0], 12)
    return Coded(places[item], configurations[min(item, len(configurations)) - 1], (width, height))


def _found(data: bytes, name: bytes, size: int) -> list[bytes]:
    found, at = [], data.find(name)
    while at >= 0:
        found.append(data[at - 4 : at - 4 + size])
        at = data.find(name, at + 1)
    return found
