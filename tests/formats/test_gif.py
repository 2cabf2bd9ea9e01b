"""The parser of GIF files."""

import io
import struct
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from imagehost import formats

from . import samples
from .looking import canvas, clean, stored
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


NETSCAPE = b"NETSCAPE2.0"


@pytest.mark.parametrize("name", [NETSCAPE, b"ANIMEXTS1.0"])
def test_only_the_number_of_loops_is_kept_of_its_block(name):
    loops = behind_screen(gifs()["still"], extension(0xFF, name, b"\1\5\0"))
    more = extension(0xFF, name, b"\1\5\0", b"GEHEIM", b"\2\0\0\0\0")
    assert clean("gif", behind_screen(gifs()["still"], more)) == loops


@pytest.mark.parametrize(
    "odd",
    [
        extension(0xFF, NETSCAPE, b"\1\5\0GEHEIM"),
        extension(0xFF, NETSCAPE, b"\1\5"),
        extension(0xFF, NETSCAPE, b"\2\0\0\0\0", b"\1\5\0"),
        extension(0xFF, NETSCAPE),
        extension(0xFF, NETSCAPE + b"GEHEIM", b"\1\5\0"),
    ],
)
def test_a_number_of_loops_that_browsers_do_not_read_is_dropped(odd):
    assert clean("gif", behind_screen(gifs()["still"], odd)) == gifs()["still"]


def blocks(gif):
    """Return the screen, each block, and the trailer."""
    at = samples.head_size(gif)
    found = [gif[:at]]
    while gif[at : at + 1] != b";":
        start = at
        at += 2
        if gif[start : start + 1] == b",":
            flags = gif[start + 9]
            at = start + 11 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
        while gif[at]:
            at += gif[at] + 1
        at += 1
        found.append(gif[start:at])
    return [*found, b";"]


@pytest.mark.parametrize("count", [1, 2, 300, 300_000])
def test_zeros_are_dropped_in_each_gap(count):
    gif = gifs()["moving"]
    parts = blocks(gif)
    for gap in range(1, len(parts)):
        spread = b"".join([*parts[:gap], bytes(count), *parts[gap:]])
        file, report = formats.clean_picture("gif", io.BytesIO(spread), canvas(), io.BytesIO)
        assert file.getvalue() == gif
        assert report.dropped == {"bytes between blocks": count}
    assert clean("gif", gif[:-1] + bytes(count)) == gif


def ended(gif):
    """Return the stored bytes of a GIF, or None, and whether pixels must be decoded to decide that."""
    found = canvas()
    with suppress(formats.Malformed):
        formats.clean_picture("gif", io.BytesIO(gif), found, io.BytesIO)
    return stored("gif", gif), found.end_missing


@pytest.mark.parametrize("name", ["still", "moving", "holed", "plain"])
def test_a_missing_trailer_is_added(name):
    gif = clean("gif", gifs()[name])
    assert ended(gif[:-1]) == (gif, False)
    assert ended(gif[:-1] + extension(0xFE, b"GEHEIM")) == (gif, False)


@pytest.mark.parametrize("name", ["still", "moving", "holed", "enlarged"])
def test_the_end_of_the_last_frame_may_be_missing_too_if_its_pixels_are_there(name):
    gif = gifs()[name]
    assert ended(gif[:-2]) == (gif, True)


@pytest.mark.parametrize(
    "rest", [b"\r\n", b"\x1a", b"\xff" * 300_000, b"PK\3\4 a ZIP archive", b"?;", b"\0\0\r\n;"]
)
@pytest.mark.parametrize("name", ["still", "moving"])
def test_bytes_behind_the_last_frame_are_dropped_if_no_frame_can_follow(name, rest):
    assert ended(gifs()[name][:-1] + rest) == (gifs()[name], True)
    assert ended(gifs()[name][:-6] + b"\0" + rest)[0] is None


def test_a_frame_that_ends_between_two_sub_blocks_is_refused():
    noise = Image.effect_noise((64, 64), 90).convert("P")
    gif = samples.saved(noise, "GIF")
    frame = blocks(gif)[-2]
    start = len(gif) - 1 - len(frame) + 11 + (3 << (frame[9] & 7) + 1 if frame[9] & 0x80 else 0)
    at, cuts = start, []
    while gif[at]:
        at += gif[at] + 1
        cuts.append(at)
    assert len(cuts) > 3
    assert ended(gif[: cuts[-1]]) == (gif, True)
    assert [ended(gif[:cut]) for cut in cuts[:-1]] == [(None, True)] * (len(cuts) - 1)
    assert ended(gif[:start]) == (None, True)


@pytest.mark.parametrize(
    "rest",
    [
        CONTROL,
        CONTROL + extension(0xFE, b"a comment"),
        CONTROL[:4],
        b"!",
        b"!\xfe\5ab",
        extension(0xFE, b"ab")[:-1],
        extension(0xFF, b"NETSCAPE2.0", b"\1\5\0")[:-1],
        b",",
        b"," + bytes(9),
    ],
)
def test_a_gif_that_ends_within_a_further_frame_is_refused(rest):
    assert refusal(gifs()["moving"][:-1] + rest) == "it ends too early"


def test_a_screen_recording_of_a_minute_gets_in_by_the_default_limits():
    gif = (
        Path(__file__).parent.parent / "cases" / "gif-screen-recording-1280x720-120-frames.gif"
    ).read_bytes()
    found = canvas(100_000_000, 5_000_000_000)
    assert formats.clean_picture("gif", io.BytesIO(gif), found, io.BytesIO).file is None
    assert (found.width, found.height, found.frames, found.pixels) == (1280, 720, 120, 1280 * 720 + 119)
    parts = blocks(gif)
    whole = next(part for part in parts if part.startswith(b","))
    every_pixel = parts[0] + 600 * whole + b";"
    found = canvas(100_000_000, 5_000_000_000)
    formats.clean_picture("gif", io.BytesIO(every_pixel), found, io.BytesIO)
    assert (found.frames, found.pixels) == (600, 600 * 1280 * 720)


def test_a_text_block_is_kept_without_its_words():
    gif = behind_screen(gifs()["still"], CONTROL, PLAIN)
    assert clean("gif", gif) == behind_screen(gifs()["still"], CONTROL, extension(0x01, PLAIN[3:15]))


def test_a_text_without_control_block_is_gone():
    assert clean("gif", behind_screen(gifs()["still"], PLAIN)) == gifs()["still"]


def test_the_canvas_is_as_large_as_decoders_make_it():
    gif = bytearray(gifs()["moving"])
    whole = canvas()
    formats.clean_picture("gif", io.BytesIO(gif), whole, io.BytesIO)
    assert whole.pixels == 3 * 40 * 28
    # The second frame is moved to the right, so the canvas grows to 140 × 28.
    at = gif.index(b",\0\0\0\0", gif.index(b",\0\0\0\0") + 1)
    gif[at + 1] = 100
    moved = canvas(pixels=140 * 28)
    formats.clean_picture("gif", io.BytesIO(gif), moved, io.BytesIO)
    assert (moved.width, moved.height, moved.pixels) == (40, 28, 3 * 40 * 28)
    with pytest.raises(formats.PixelLimit):
        formats.clean_picture("gif", io.BytesIO(gif), canvas(pixels=140 * 28 - 1), io.BytesIO)


def test_invalid_blocks_are_refused():
    gif = gifs()["still"]
    assert refusal(b"GIF88a" + gif[6:]) == "it does not begin like a GIF"
    assert refusal(gif[: samples.head_size(gif)] + b";") == "it contains no picture"
    assert refusal(behind_screen(gif, b"?")) == "it contains an unknown GIF block"
    assert refusal(gif[:-1] + b"? and, perhaps, a frame") == "it contains an unknown GIF block"
    assert refusal(gif[:-1] + CONTROL + b"?") == "it contains an unknown GIF block"
    assert refusal(behind_screen(gif, extension(0xF9, b"abc"))) == "a GIF block has the wrong length"
    assert refusal(behind_screen(gif, extension(0xFF))) == "a GIF block has the wrong length"
    nothing = b"GIF89a" + struct.pack("<HH", 0, 0) + bytes(3) + b"," + bytes(9) + b"\x08\0;"
    assert refusal(nothing) == "its width or its height is 0"
