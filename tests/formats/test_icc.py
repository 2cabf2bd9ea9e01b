"""Private tags of colour profiles are blanked, and damaged profiles are handled."""

import io
import struct
import time
import zlib

import pytest
from PIL import Image, ImageCms

from imagehost import formats
from imagehost.formats import icc

from . import samples
from .looking import clean
from .samples import BLANK_MONITOR, MONITOR, PROFILE, SECRET

PICTURES = {
    "png": lambda profile: samples.before(
        samples.pngs()["bare"], b"IDAT", samples.profile_chunk(b"ICC profile", profile)
    ),
    "gif": lambda profile: samples.behind_screen(samples.gifs()["still"], samples.profile_extension(profile)),
    "webp": lambda profile: samples.saved(samples.photo(), "WEBP", icc_profile=profile),
}
in_each_format = pytest.mark.parametrize("kind", PICTURES)


def profile_of(picture):
    with Image.open(io.BytesIO(picture)) as image:
        return image.info["icc_profile"]


def with_tags(tags, size):
    """Return a profile that contains only tags: names, places, sizes."""
    table = b"".join(struct.pack(">4sII", *tag) for tag in tags)
    head = struct.pack(">I", size) + bytes(32) + b"acsp" + bytes(88) + struct.pack(">I", len(tags))
    return (head + table + b"x" * size)[:size]


def test_tags_that_name_a_monitor_are_blanked_and_all_other_bytes_stay():
    assert SECRET in MONITOR
    assert icc.blanked(MONITOR) == BLANK_MONITOR
    assert icc.blanked(BLANK_MONITOR) is BLANK_MONITOR
    assert ImageCms.getOpenProfile(io.BytesIO(BLANK_MONITOR))


def test_a_profile_without_private_tags_is_the_same_object():
    assert icc.blanked(PROFILE) is PROFILE
    assert icc.blanked(b"") == b""
    for data in (b"abc", bytes(200), MONITOR[:131], MONITOR[:140]):
        assert icc.blanked(data) is data


def test_bytes_that_a_tag_of_colours_shares_stay():
    profile = with_tags([(b"mmod", 200, 40), (b"rXYZ", 210, 20), (b"gXYZ", 215, 10)], 260)
    blanked = icc.blanked(profile)
    assert blanked == profile[:208] + bytes(2) + profile[210:230] + bytes(10) + profile[240:]


def test_a_private_tag_that_covers_the_table_leaves_the_table():
    profile = with_tags([(b"mmod", 0, 300), (b"rXYZ", 290, 4)], 300)
    blanked = icc.blanked(profile)
    assert blanked == profile[:156] + bytes(134) + profile[290:294] + bytes(6)


def test_bytes_after_the_declared_end_are_blanked():
    assert icc.blanked(PROFILE + SECRET) == PROFILE + bytes(len(SECRET))


def test_many_tags_over_the_same_bytes_cost_no_more_than_one():
    tags = [
        (name, 128 + number, icc.LARGEST_PROFILE - 200)
        for number, name in enumerate((b"mmod", b"rXYZ") * 500)
    ]
    profile = with_tags(tags, icc.LARGEST_PROFILE)
    start = time.process_time()
    icc.blanked(profile)
    assert time.process_time() - start < 1


@in_each_format
def test_a_stored_profile_names_no_monitor(kind):
    cleaned = clean(kind, PICTURES[kind](MONITOR))
    assert SECRET not in cleaned
    assert cleaned == PICTURES[kind](BLANK_MONITOR)


@in_each_format
def test_a_profile_without_private_tags_leaves_the_picture_alone(kind):
    picture = PICTURES[kind](PROFILE)
    assert clean(kind, picture) is picture


@in_each_format
def test_a_profile_of_megabytes_stays(kind):
    picture = PICTURES[kind](with_tags([(b"A2B0", 200, 1000)], 3_000_000))
    assert clean(kind, picture, animation_pixels=10**9) is picture


@in_each_format
def test_a_profile_that_is_too_large_is_refused(kind):
    picture = PICTURES[kind](with_tags([(b"A2B0", 200, 1000)], icc.LARGEST_PROFILE + 1))
    with pytest.raises(formats.Malformed, match="its colour profile is too large"):
        clean(kind, picture)


def test_an_odd_profile_keeps_a_webp_even():
    cleaned = clean("webp", PICTURES["webp"](MONITOR + b"x"))
    assert len(cleaned) == int.from_bytes(cleaned[4:8], "little") + 8
    assert profile_of(cleaned) == BLANK_MONITOR + b"\0"


def stored_profile(data):
    """Return the stored data of a PNG's iCCP chunk."""
    png = samples.before(samples.pngs()["bare"], b"IDAT", samples.chunk(b"iCCP", data))
    cleaned = clean("png", png)
    at = cleaned.find(b"iCCP")
    return cleaned[at + 4 : at + 4 + int.from_bytes(cleaned[at - 4 : at], "big")] if at > 0 else None


PACKED, PACKED_MONITOR = zlib.compress(PROFILE), zlib.compress(MONITOR)


def test_the_name_of_a_profile_is_replaced_if_its_tags_were_private():
    assert stored_profile(b"DELL U2720Q\0\0" + PACKED_MONITOR) == b"ICC profile\0\0" + zlib.compress(
        BLANK_MONITOR
    )
    assert stored_profile(b"sRGB\0\0" + PACKED) == b"sRGB\0\0" + PACKED


def test_bytes_behind_a_packed_profile_are_dropped():
    assert stored_profile(b"sRGB\0\0" + PACKED + SECRET) == b"sRGB\0\0" + PACKED


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"name without end",
        b"\0\0" + PACKED,
        b"n" * 81 + b"\0\0" + PACKED,
        b"name\0\1" + PACKED,
        b"name\0\0" + PROFILE,
        b"name\0\0" + PACKED[:-1],
        b"name\0\0" + PACKED[:-1] + b"?",
        b"name\0\0" + PACKED[: len(PACKED) // 2],
    ],
)
def test_a_png_profile_that_browsers_cannot_read_is_dropped(data):
    assert stored_profile(data) is None


def test_a_bomb_is_refused_before_it_is_inflated():
    packer = zlib.compressobj(9)
    bomb = b"".join(packer.compress(bytes(10_000_000)) for _ in range(10)) + packer.flush()
    start = time.process_time()
    with pytest.raises(formats.Malformed, match="its colour profile is too large"):
        stored_profile(b"name\0\0" + bomb)
    assert time.process_time() - start < 1
