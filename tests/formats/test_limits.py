"""Pictures that would cost too much: too many pixels, too many parts."""

import io
import struct

import pytest

from imagehost import formats

from . import samples
from .families import EACH, sample
from .looking import clean, look

HOSTILE = 2_000_000


class Watched(io.BytesIO):
    """A stream that counts what is read of it."""

    def __init__(self, data):
        super().__init__(data)
        self.seen = 0

    def read(self, size=-1):
        block = super().read(size)
        self.seen += len(block)
        return block


def huge(kind):
    """A picture that declares 10,000 × 10,000 pixels, with megabytes behind its header."""
    side = 10_000
    if kind == "jpg":
        at = samples.jpegs()["baseline"].index(b"\xff\xc0") + 5
        head = samples.jpegs()["baseline"][:at] + struct.pack(">HH", side, side)
        return head + samples.jpegs()["baseline"][at + 4 : -2] + bytes(HOSTILE) + b"\xff\xd9"
    if kind == "png":
        ihdr = samples.chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
        return b"\x89PNG\r\n\x1a\n" + ihdr + samples.chunk(b"IDAT", bytes(HOSTILE)) + samples.chunk(b"IEND")
    if kind == "gif":
        return b"GIF89a" + struct.pack("<HH", side, side) + bytes(3) + b"!\xfe" + b"\xff" * HOSTILE
    if kind == "avif":
        small = samples.avifs()["plain"]
        return small.replace(struct.pack(">II", *samples.SMALL), struct.pack(">II", side, side)) + bytes(
            HOSTILE
        )
    sides = (side - 1).to_bytes(3, "little")
    return samples.riff(
        samples.riff_chunk(b"VP8X", bytes(4) + 2 * sides), samples.riff_chunk(b"VP8L", bytes(HOSTILE))
    )


@pytest.mark.parametrize("kind", formats.KINDS)
def test_too_many_pixels_are_told_from_the_header_alone(kind):
    stream = Watched(huge(kind))
    with pytest.raises(formats.PixelLimit) as caught:
        formats.clean(kind, stream, formats.Canvas(99_999_999), io.BytesIO)
    assert (caught.value.pixels, caught.value.limit) == (100_000_000, 99_999_999)
    assert stream.seen <= HOSTILE / 4


@pytest.mark.parametrize(("kind", "name"), EACH)
def test_all_frames_count(kind, name):
    data = sample(kind, name)
    pixels = sum(frame[0][0] * frame[0][1] for frame in look(kind, data))
    assert clean(kind, data, max_pixels=pixels)
    with pytest.raises(formats.PixelLimit):
        clean(kind, data, max_pixels=pixels - 1)


def floods():
    jpeg, png, gif = samples.jpegs()["baseline"], samples.pngs()["grey"], samples.gifs()["still"]
    idat = png.index(b"IDAT") - 4
    frame = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x08"
    yield "jpg", jpeg[:2] + b"\xff\xfe\0\2" * (HOSTILE // 4), "it is cut into too many parts"
    yield "jpg", jpeg[:2] + b"\xff" * HOSTILE, "it ends too early"
    yield "jpg", jpeg[:-2] + b"\xff\0" * HOSTILE, "it ends too early"
    yield "jpg", jpeg[:-2] + b"\xff\xd0" * HOSTILE, "it ends too early"
    yield "png", png[:idat] + samples.chunk(b"IDAT") * (HOSTILE // 12), "it is cut into too many parts"
    yield "png", png[:idat] + samples.chunk(b"tEXt") * (HOSTILE // 12), "it is cut into too many parts"
    yield "gif", samples.behind_screen(gif, b"!\xfe\0" * (HOSTILE // 3)), "it is cut into too many parts"
    yield "gif", samples.behind_screen(gif, frame + b"\1x" * HOSTILE), "it is cut into too many parts"
    yield (
        "webp",
        samples.riff(samples.webps()["lossy"][12:], b"junk\0\0\0\0" * HOSTILE),
        "it is cut into too many parts",
    )
    start = samples.box(b"ftyp", b"avif\0\0\0\0")
    empty = samples.box(b"free") * (HOSTILE // 8)
    yield "avif", start + empty, "it is cut into too many parts"
    yield "avif", start + samples.box(b"meta", bytes(4) + empty), "it is cut into too many parts"


@pytest.mark.parametrize(
    ("kind", "data", "reason"), list(floods()), ids=lambda value: "" if isinstance(value, bytes) else None
)
def test_floods_of_tiny_parts_are_refused(kind, data, reason):
    with pytest.raises(formats.Malformed, match=reason):
        formats.clean(kind, io.BytesIO(data), formats.Canvas(10**6), io.BytesIO)


@pytest.mark.parametrize(("kind", "name"), EACH)
def test_a_stream_that_brings_little_at_a_time_changes_nothing(kind, name):
    class Slow(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, 7) if size > 0 else 7)

    data = sample(kind, name)
    file = formats.clean(kind, Slow(data), formats.Canvas(10**6), io.BytesIO)
    assert (data if file is None else file.getvalue()) == clean(kind, data)


def test_nothing_is_written_where_nothing_is_dropped():
    def new_file():
        raise AssertionError("no file is needed")

    data = samples.jpegs()["baseline"]
    assert formats.clean("jpg", io.BytesIO(data), formats.Canvas(10**6), new_file) is None
