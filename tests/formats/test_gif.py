import io
import struct

import pytest
from PIL import Image

from imagehost import formats

from . import samples
from .looking import canvas, clean
from .samples import CONTROL, PLAIN, behind_screen, extension, gifs


def refusal(data):
    with pytest.raises(formats.Malformed) as caught:
        clean("gif", data)
    return str(caught.value)


def test_comments_and_foreign_extensions_are_gone_byte_for_byte():
    assert clean("gif", gifs()["comment"]) == gifs()["moving"]
    assert clean("gif", gifs()["extensions"]) == gifs()["moving"]


def test_the_animation_stays():
    with Image.open(io.BytesIO(clean("gif", gifs()["extensions"]))) as image:
        assert (image.info["loop"], image.info["duration"], image.n_frames) == (3, 100, 3)


def test_loops_and_profiles_stay():
    kept = [
        extension(0xFF, b"NETSCAPE2.0", b"\1\5\0"),
        extension(0xFF, b"ANIMEXTS1.0", b"\1\5\0"),
        extension(0xFF, b"ICCRGBG1012", samples.PROFILE[:200]),
    ]
    gif = behind_screen(gifs()["still"], *kept)
    assert clean("gif", gif) is gif


def test_a_text_keeps_the_control_block_from_the_next_frame_but_none_of_its_words():
    gif = behind_screen(gifs()["still"], CONTROL, PLAIN)
    assert clean("gif", gif) == behind_screen(gifs()["still"], CONTROL, extension(0x01, PLAIN[3:15]))


def test_a_text_without_control_block_is_gone():
    assert clean("gif", behind_screen(gifs()["still"], PLAIN)) == gifs()["still"]


def test_the_canvas_is_as_large_as_decoders_make_it():
    gif = bytearray(gifs()["moving"])
    whole = canvas()
    formats.clean("gif", io.BytesIO(gif), whole, io.BytesIO)
    assert whole.pixels == 3 * 40 * 28
    # The second frame is moved to the right, so the canvas grows to 140 × 28.
    at = gif.index(b",\0\0\0\0", gif.index(b",\0\0\0\0") + 1)
    gif[at + 1] = 100
    moved = canvas(pixels=140 * 28)
    formats.clean("gif", io.BytesIO(gif), moved, io.BytesIO)
    assert (moved.width, moved.height, moved.pixels) == (40, 28, 3 * 40 * 28)
    with pytest.raises(formats.PixelLimit):
        formats.clean("gif", io.BytesIO(gif), canvas(pixels=140 * 28 - 1), io.BytesIO)


def test_what_has_no_place_in_a_gif_is_refused():
    gif = gifs()["still"]
    assert refusal(b"GIF88a" + gif[6:]) == "it does not begin like a GIF"
    assert refusal(gif[: samples.head_size(gif)] + b";") == "it holds no picture"
    assert refusal(behind_screen(gif, b"?")) == "it has a GIF block that nobody knows"
    assert refusal(behind_screen(gif, extension(0xF9, b"abc"))) == "a GIF block has the wrong length"
    assert refusal(behind_screen(gif, extension(0xFF))) == "a GIF block has the wrong length"
    nothing = b"GIF89a" + struct.pack("<HH", 0, 0) + bytes(3) + b"," + bytes(9) + b"\x08\0;"
    assert refusal(nothing) == "it has no width or no height"
