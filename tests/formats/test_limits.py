"""Pictures that need too much work to decode: too many pixels, too many parts."""

import io
import struct

import pytest

from imagehost import formats
from imagehost.domain.kinds import KINDS

from . import samples
from .families import EACH, sample, sound
from .looking import canvas, clean, look

HOSTILE = 2_000_000


class Watched(io.BytesIO):
    """A stream that counts the bytes that are read from it."""

    def __init__(self, data):
        super().__init__(data)
        self.seen = 0

    def read(self, size=-1):
        block = super().read(size)
        self.seen += len(block)
        return block


def huge(kind):
    """Return a picture that declares 10,000 × 10,000 pixels, with megabytes after its header."""
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


@pytest.mark.parametrize("kind", KINDS)
def test_too_many_pixels_are_refused_after_reading_only_the_header(kind):
    stream = Watched(huge(kind))
    with pytest.raises(formats.PixelLimit) as caught:
        formats.clean_picture(kind, stream, canvas(pixels=99_999_999), io.BytesIO)
    assert (caught.value.pixels, caught.value.limit) == (100_000_000, 99_999_999)
    assert stream.seen <= HOSTILE / 4


@pytest.mark.parametrize(("kind", "name"), EACH)
def test_one_limit_is_for_the_canvas_and_one_for_all_frames(kind, name):
    data = sample(kind, name)
    frames = look(kind, sound(kind, name))
    canvas_pixels = frames[0][0][0] * frames[0][0][1]
    whole = canvas()
    formats.clean_picture(kind, io.BytesIO(data), whole, io.BytesIO)
    assert canvas_pixels <= whole.pixels <= canvas_pixels * len(frames)
    assert clean(kind, data, pixels=canvas_pixels, animation_pixels=whole.pixels)
    with pytest.raises(formats.PixelLimit) as caught:
        clean(kind, data, pixels=canvas_pixels - 1)
    assert not caught.value.animated
    if len(frames) > 1:
        with pytest.raises(formats.PixelLimit) as caught:
            clean(kind, data, animation_pixels=whole.pixels - 1)
        assert caught.value.animated


def floods():
    jpeg, png, gif = samples.jpegs()["baseline"], samples.pngs()["grey"], samples.gifs()["still"]
    idat = png.index(b"IDAT") - 4
    frame = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x08"
    yield "jpg", jpeg[:2] + b"\xff\xfe\0\2" * (HOSTILE // 4), "it consists of too many parts"
    yield "jpg", jpeg[:2] + b"\xff" * HOSTILE, "it ends too early"
    yield "png", png[:idat] + samples.chunk(b"IDAT") * (HOSTILE // 12), "it consists of too many parts"
    yield "png", png[:idat] + samples.chunk(b"tEXt") * (HOSTILE // 12), "it consists of too many parts"
    wrong = samples.bad_sum(samples.chunk(b"tEXt"))
    yield "png", png[:idat] + wrong * (HOSTILE // 12), "it consists of too many parts"
    yield "png", png[:-12] + wrong * (HOSTILE // 12), "it consists of too many parts"
    yield (
        "png",
        samples.pngs()["fewer-frames"][:-12] + wrong * (HOSTILE // 12),
        "it consists of too many parts",
    )
    yield "gif", samples.behind_screen(gif, b"!\xfe\0" * (HOSTILE // 3)), "it consists of too many parts"
    yield "gif", samples.behind_screen(gif, b"\0!\xfe\0" * (HOSTILE // 4)), "it consists of too many parts"
    yield "gif", gif[: samples.head_size(gif)] + bytes(HOSTILE), "it ends too early"
    yield "gif", samples.behind_screen(gif, frame + b"\1x" * HOSTILE), "it consists of too many parts"
    yield (
        "webp",
        samples.riff(samples.webps()["lossy"][12:], b"junk\0\0\0\0" * HOSTILE),
        "it consists of too many parts",
    )
    start = samples.box(b"ftyp", b"avif\0\0\0\0")
    empty = samples.box(b"free") * (HOSTILE // 8)
    yield "avif", start + empty, "it consists of too many parts"
    yield "avif", start + samples.box(b"meta", bytes(4) + empty), "it consists of too many parts"


@pytest.mark.parametrize(
    ("kind", "data", "reason"), list(floods()), ids=lambda value: "" if isinstance(value, bytes) else None
)
def test_floods_of_tiny_parts_are_refused(kind, data, reason):
    with pytest.raises(formats.Malformed, match=reason):
        formats.clean_picture(kind, io.BytesIO(data), canvas(), io.BytesIO)


@pytest.mark.parametrize("pixels", [b"\xff\0", b"\xff\xd0"])
def test_a_jpeg_of_pixels_without_an_end_is_left_to_a_proof(pixels):
    found = canvas()
    formats.clean_picture(
        "jpg", io.BytesIO(samples.jpegs()["baseline"][:-2] + pixels * HOSTILE), found, io.BytesIO
    )
    assert found.end_missing


@pytest.mark.parametrize(("kind", "name"), EACH)
def test_a_stream_that_brings_little_at_a_time_changes_nothing(kind, name):
    class Slow(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, 7) if size > 0 else 7)

    data = sample(kind, name)
    file, _ = formats.clean_picture(kind, Slow(data), canvas(), io.BytesIO)
    assert (data if file is None else file.getvalue()) == clean(kind, data)


def test_nothing_is_written_where_nothing_is_dropped():
    def new_file():
        raise AssertionError("no file is needed")

    data = samples.jpegs()["baseline"]
    assert formats.clean_picture("jpg", io.BytesIO(data), canvas(), new_file).file is None
