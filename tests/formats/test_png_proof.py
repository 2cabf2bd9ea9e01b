"""The pixels of a PNG are inflated to find out whether all of them are there."""

import io
import random
import struct
import tracemalloc
import zlib

import pytest
from PIL import Image

from imagehost import formats
from imagehost.formats import png_proof

from . import samples
from .looking import clean

PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
KINDS = [(0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16), (3, 1), (3, 2), (3, 4), (3, 8)]
KINDS += [(4, 8), (4, 16), (6, 8), (6, 16)]
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
NOISE = random.Random(1).randbytes(4096)


def rows(width, height, colour, depth, interlace):
    """Return random pixels, row by row, each after the filter type 0."""
    data = b""
    for left, top, across, down in PASSES if interlace else [(0, 0, 1, 1)]:
        columns = len(range(left, width, across))
        for _ in range(top, height, down):
            if columns:
                data += b"\0" + NOISE[: -(-columns * depth * CHANNELS[colour] // 8)]
    return data


def png(size, colour, depth, interlace, data):
    head = struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, interlace)
    palette = [samples.chunk(b"PLTE", bytes(3 << depth))] if colour == 3 else []
    parts = [samples.chunk(b"IHDR", head), *palette, samples.chunk(b"IDAT", data), samples.chunk(b"IEND")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def proves(picture):
    try:
        return png_proof.check_png_data(io.BytesIO(picture)) == 0
    except formats.Malformed:
        return False


@pytest.mark.parametrize("interlace", [0, 1])
@pytest.mark.parametrize(("colour", "depth"), KINDS)
def test_a_png_is_complete_only_with_all_its_pixels(colour, depth, interlace):
    for size in [(1, 1), (2, 1), (1, 5), (3, 3), (5, 2), (7, 9), (8, 8), (9, 17), (33, 31)]:
        data = rows(*size, colour, depth, interlace)
        picture = png(size, colour, depth, interlace, zlib.compress(data))
        assert proves(picture)
        with Image.open(io.BytesIO(picture)) as image:
            image.load()
        assert not proves(png(size, colour, depth, interlace, zlib.compress(data[:-1])))
        assert not proves(png(size, colour, depth, interlace, zlib.compress(data + b"\0")))


def test_pixels_may_lack_their_checksum_but_nothing_else():
    data = rows(33, 31, 2, 8, 0)
    packed = zlib.compress(data)
    assert proves(png((33, 31), 2, 8, 0, packed[:-4]))
    assert proves(png((33, 31), 2, 8, 0, packed + b"more"))
    for size in range(0, len(packed) - 8, 50):
        assert not proves(png((33, 31), 2, 8, 0, packed[:size]))
    assert not proves(png((33, 31), 2, 8, 0, b"no deflate"))


@pytest.mark.parametrize("name", ["moving", "moving-default"])
def test_each_frame_of_an_animation_has_all_of_its_pixels(name):
    moving = clean("png", samples.pngs()[name])
    assert proves(moving)
    at, starts = 8, []
    while at < len(moving):
        if moving[at + 4 : at + 8] in {b"IDAT", b"fdAT"}:
            starts.append(at)
        at += 12 + int.from_bytes(moving[at : at + 4], "big")
    assert len(starts) == 3
    for start in starts:
        size = int.from_bytes(moving[start : start + 4], "big")
        kept = moving[start + 8 : start + 8 + size - 40]
        cut = samples.chunk(moving[start + 4 : start + 8], kept)
        assert not proves(moving[:start] + cut + moving[start + 12 + size :])


def test_a_refusal_says_that_pixels_are_missing():
    with pytest.raises(formats.Malformed, match="it ends too early"):
        png_proof.check_png_data(io.BytesIO(png((3, 3), 0, 8, 0, zlib.compress(b""))))


def test_pixels_in_many_chunks_are_complete_too():
    data = zlib.compress(rows(33, 31, 2, 8, 0))
    whole = png((33, 31), 2, 8, 0, data)
    parts = b"".join(samples.chunk(b"IDAT", data[at : at + 7]) for at in range(0, len(data), 7))
    assert proves(whole.replace(samples.chunk(b"IDAT", data), parts))


def test_the_picture_is_never_held_in_memory():
    width, height = 10_000, 4_000
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(bytes(width + 1)) for _ in range(height)) + packer.flush()
    picture = png((width, height), 0, 8, 0, data)
    tracemalloc.start()
    assert proves(picture)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2_000_000
