"""ICC profiles that are built by hand, and PNG chunks that describe colours."""

import struct
import zlib
from collections.abc import Callable
from itertools import product

import numpy as np

from tests.formats.samples import chunk

D50 = (0.9642, 1.0, 0.8249)
D65 = (0.3127, 0.329)
BT709 = ((0.64, 0.33), (0.3, 0.6), (0.15, 0.06))
P3 = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
ADOBE = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
PROPHOTO = ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001))
V2, V4 = 0x02400000, 0x04200000
Lab = tuple[float, float, float]


def fixed(*numbers: float) -> bytes:
    return struct.pack(f">{len(numbers)}i", *(round(number * 65536) for number in numbers))


def gamma(power: float) -> bytes:
    return b"para" + bytes(8) + fixed(power)


def curve(*values: int) -> bytes:
    return b"curv" + struct.pack(f">4xI{len(values)}H", len(values), *values)


SRGB = b"para" + bytes(4) + b"\0\3\0\0" + fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def profile(
    space: bytes, tags: dict[bytes, bytes], pcs: bytes = b"XYZ ", version: int = V2, kind: bytes = b"mntr"
) -> bytes:
    tags = {b"cprt": b"text\0\0\0\0none\0", b"wtpt": b"XYZ \0\0\0\0" + fixed(*D50)} | tags
    start = 132 + 12 * len(tags)
    table, data = struct.pack(">I", len(tags)), b""
    for name, tag in tags.items():
        table += struct.pack(">4sII", name, start + len(data), len(tag))
        data += tag + bytes(-len(tag) % 4)
    size = start + len(data)
    head = struct.pack(">I4xI4s4s4s12x4s28x12s48x", size, version, kind, space, pcs, b"acsp", fixed(*D50))
    return head + table + data


def matrix(primaries: tuple = BT709, white: tuple[float, float] = D65) -> np.ndarray:
    """Convert linear RGB to XYZ under D50."""
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
    lit = np.array([white[0] / white[1], 1, (1 - sum(white)) / white[1]])
    eye = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    change = np.diag((eye @ np.array(D50)) / (eye @ lit))
    return np.linalg.inv(eye) @ change @ eye @ (columns * np.linalg.solve(columns, lit))


def rgb(primaries: tuple = BT709, tone: bytes = SRGB, swapped: bool = False, **options: object) -> bytes:
    columns = matrix(primaries).T
    if swapped:
        columns = np.roll(columns, 1, axis=0)
    tags = {
        name: b"XYZ \0\0\0\0" + fixed(*column)
        for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)
    }
    return profile(b"RGB ", tags | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), tone), **options)


def grey(tone: bytes, **options: object) -> bytes:
    return profile(b"GRAY", {b"kTRC": tone}, **options)


BT709_TO_XYZ = matrix()


def lab(light: tuple[float, ...]) -> Lab:
    """Convert linear RGB to Lab."""
    parts = [part / white for part, white in zip(BT709_TO_XYZ @ np.array(light), D50, strict=True)]
    x, y, z = (part ** (1 / 3) if part > 216 / 24389 else (24389 / 27 * part + 16) / 116 for part in parts)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def table(inputs: int, grid: int, colour: Callable[..., Lab], deep: bool) -> bytes:
    """Return a table from device colours to Lab, of 8 or 16 bits (ICC.1:2022, 10.10 and 10.11)."""
    nodes = [colour(*(step / (grid - 1) for step in steps)) for steps in product(range(grid), repeat=inputs)]
    head = bytes((inputs, 3, grid, 0)) + fixed(1, 0, 0, 0, 1, 0, 0, 0, 1)
    if deep:
        numbers = [v for light, a, b in nodes for v in (light * 652.8, (a + 128) * 256, (b + 128) * 256)]
        straight = struct.pack(">2H", 0, 65535)
        values = struct.pack(f">{len(numbers)}H", *(min(max(round(v), 0), 65535) for v in numbers))
        return b"mft2\0\0\0\0" + head + struct.pack(">2H", 2, 2) + straight * inputs + values + straight * 3
    numbers = [v for light, a, b in nodes for v in (light * 2.55, a + 128, b + 128)]
    values = bytes(min(max(round(v), 0), 255) for v in numbers)
    straight = bytes(range(256))
    return b"mft1\0\0\0\0" + head + straight * inputs + values + straight * 3


def scanner(deep: bool = True, **options: object) -> bytes:
    def light(r: float, g: float, b: float) -> Lab:
        return lab(((0.8 * r + 0.2 * g) ** 2.4, g**1.6, (0.7 * b + 0.3 * r) ** 2))

    return profile(b"RGB ", {b"A2B0": table(3, 17, light, deep)}, pcs=b"Lab ", kind=b"scnr", **options)


def press(deep: bool = True, tag: bytes = b"A2B0", **options: object) -> bytes:
    """Return a profile of inks on paper that is not quite white."""

    def light(c: float, m: float, y: float, k: float) -> Lab:
        red = (1 - 0.95 * c) * (1 - 0.1 * m) * (1 - 0.02 * y)
        green = (1 - 0.35 * c) * (1 - 0.85 * m) * (1 - 0.06 * y)
        blue = (1 - 0.08 * c) * (1 - 0.4 * m) * (1 - 0.9 * y)
        return lab(tuple((part * (1 - 0.93 * k)) ** 2 * 0.92 + 0.004 for part in (red, green, blue)))

    return profile(b"CMYK", {tag: table(4, 7, light, deep)}, pcs=b"Lab ", kind=b"prtr", **options)


JUNK = b"no profile at all" * 30


def iccp(data: bytes) -> bytes:
    return chunk(b"iCCP", b"x\0\0" + zlib.compress(data))


def gama(value: float) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", round(value * 100_000)))


def chrm(*primaries: tuple[float, float]) -> bytes:
    numbers = [round(number * 100_000) for point in (D65, *primaries) for number in point]
    return chunk(b"cHRM", struct.pack(">8I", *numbers))


def cicp(primaries: int, transfer: int) -> bytes:
    return chunk(b"cICP", bytes((primaries, transfer, 0, 1)))


def clli(most: int) -> bytes:
    return chunk(b"cLLI", struct.pack(">II", most * 10_000, 100))


SRGB_CHUNK = chunk(b"sRGB", b"\0")


def deep_png(channels: np.ndarray, *chunks: bytes) -> bytes:
    """Return a PNG of 16 bits per channel. The last dimension of the array is its channels."""
    height, width, count = channels.shape
    head = struct.pack(">IIBBBBB", width, height, 16, {1: 0, 2: 4, 3: 2, 4: 6}[count], 0, 0, 0)
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in channels)
    body = chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(chunks) + body
