"""HDR pictures stay HDR: the gain map is kept with the metadata that it needs, and no other metadata."""

import io

import pytest

from imagehost import formats

from . import gain_maps, samples
from .gain_maps import HDRGM, ITEM, KINDS
from .looking import canvas, clean, look, pieces
from .samples import SECRET

each = pytest.mark.parametrize("name", KINDS)


def parts(jpeg: bytes) -> tuple[bytes, bytes]:
    """Return the picture and its gain map, according to the index of the file."""
    (first, size), (second, length) = gain_maps.places(jpeg)
    assert first == 0
    return jpeg[:size], jpeg[second : second + length]


@each
def test_the_index_has_the_place_of_the_gain_map_and_the_file_has_no_other_parts(name):
    original = KINDS[name]()
    cleaned = clean("jpg", original)
    (_, size), (start, length) = gain_maps.places(cleaned)
    assert (start, start + length) == (size, len(cleaned))
    picture, gain_map = parts(cleaned)
    before = parts(original)
    for kept, was in ((picture, before[0]), (gain_map, before[1])):
        assert gain_maps.decoded(kept).tobytes() == gain_maps.decoded(was).tobytes()
        assert kept.endswith(b"\xff\xd9")


@each
def test_nothing_private_remains_in_either(name):
    cleaned = clean("jpg", KINDS[name]())
    assert SECRET not in cleaned
    assert b"CreateDate" not in cleaned
    picture, gain_map = parts(cleaned)
    assert picture.count(b"Exif") == 1, "the orientation of the picture stays"
    assert b"Exif" not in gain_map
    allowed = {gain_maps.XMP[:8], gain_maps.ISO[:8], b"MPF\0MM\0*", b"Exif\0\0MM", b"JFIF\0\1\1\0"}
    assert {*gain_maps.markers(picture), *gain_maps.markers(gain_map)} <= allowed


@each
def test_a_cleaned_picture_is_left_alone_and_the_report_covers_all_of_it(name):
    cleaned = clean("jpg", KINDS[name]())
    assert clean("jpg", cleaned) is cleaned
    assert pieces("jpg", KINDS[name]())


def test_the_packets_hold_the_fields_of_gain_maps_and_no_others():
    cleaned = clean("jpg", gain_maps.ultra_hdr())
    picture, gain_map = parts(cleaned)
    found = gain_maps.xmp_of(picture)
    items = found.pop("items")
    assert {name: value for name, value in found.items() if "Directory" not in name} == {
        f"{{{HDRGM}}}Version": "1.0"
    }
    assert [item[f"{{{ITEM}}}Semantic"] for item in items] == ["Primary", "GainMap"]
    assert items[1][f"{{{ITEM}}}Length"] == str(len(gain_map))
    kept = gain_maps.xmp_of(gain_map)
    assert kept.pop("items") == []
    assert kept == {f"{{{HDRGM}}}{name}": value for name, value in gain_maps.MAP.items()}


def test_a_value_for_each_colour_is_kept():
    _, gain_map = parts(clean("jpg", gain_maps.colourful()))
    assert gain_maps.xmp_of(gain_map)[f"{{{HDRGM}}}GainMapMax"] == ["2.5", "2.25", "2"]


def test_the_values_of_iso_21496_are_kept_byte_for_byte():
    cleaned = clean("jpg", gain_maps.iso_hdr())
    for jpeg, written in zip(
        parts(cleaned), (gain_maps.iso_version(), gain_maps.iso_parameters()), strict=True
    ):
        found = [data for _, _, data in gain_maps.segments(jpeg) if data.startswith(gain_maps.ISO)]
        assert found == [written[4:].removesuffix(SECRET)]


def test_without_an_index_the_container_in_xmp_has_the_length_of_the_map():
    cleaned = clean("jpg", gain_maps.ultra_hdr(indexed=False))
    assert gain_maps.places(cleaned) == []
    length = int(gain_maps.xmp_of(cleaned)["items"][1][f"{{{ITEM}}}Length"])
    assert gain_maps.decoded(cleaned[-length:]).size == (20, 14)
    assert clean("jpg", cleaned) is cleaned


def without_a_map(original: bytes) -> None:
    cleaned = clean("jpg", original)
    assert gain_maps.markers(cleaned) == [b"JFIF\0\1\1\0", b"Exif\0\0MM"]
    assert look("jpg", cleaned)[0][3] == look("jpg", original)[0][3]
    assert SECRET not in cleaned
    assert cleaned.count(b"\xff\xd8\xff") == 1


GREY = gain_maps.grey_map(gain_maps.map_packet())
NO_MAPS = {
    "a preview": gain_maps.picture([], samples.saved(samples.photo(), "JPEG")),
    "a map of which the picture says nothing": gain_maps.picture([], GREY),
    "a picture whose map says nothing": gain_maps.picture(
        [gain_maps.primary_packet(9)], gain_maps.grey_map()
    ),
    "a map that is described in another way": gain_maps.picture(
        [gain_maps.primary_packet(9)], gain_maps.grey_map(gain_maps.iso_parameters())
    ),
    "a map without a version": gain_maps.picture(
        [gain_maps.primary_packet(9)], gain_maps.grey_map(gain_maps.map_packet(Version=None))
    ),
    "a map that is cut off": gain_maps.ultra_hdr()[:-300],
    "a place inside of the picture": gain_maps.iso_hdr(off=-700),
    "a place after the end": gain_maps.iso_hdr(off=100_000),
    "a packet with a document type": gain_maps.ultra_hdr().replace(
        b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>',
        b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaaaaaaaaaaaaaa'>]>",
    ),
}


@pytest.mark.parametrize("original", NO_MAPS.values(), ids=NO_MAPS)
def test_a_gain_map_that_browsers_do_not_use_is_dropped(original):
    without_a_map(original)


def test_a_gain_map_is_limited_and_counted_like_a_picture():
    whole = canvas()
    formats.clean_picture("jpg", io.BytesIO(gain_maps.ultra_hdr()), whole, io.BytesIO)
    assert (whole.width, whole.height, whole.frames) == (*samples.SMALL, 1)
    assert whole.pixels == samples.SMALL[0] * samples.SMALL[1] + 20 * 14
    plain = canvas()
    formats.clean_picture("jpg", io.BytesIO(samples.jpegs()["baseline"]), plain, io.BytesIO)
    assert whole.work == plain.work + 20 * 14
    big = gain_maps.grey_map(gain_maps.map_packet(), size=(400, 280))
    huge = gain_maps.picture([gain_maps.primary_packet(len(big))], big)
    with pytest.raises(formats.PixelLimit):
        clean("jpg", huge, pixels=400 * 280 - 1)
    with pytest.raises(formats.WorkLimit):
        clean("jpg", huge, work=400 * 280)


@pytest.mark.parametrize("encoding", ["utf-7", "hex", "punycode", "x-user-defined", "cp65001"])
def test_a_packet_in_an_odd_encoding_says_nothing(encoding):
    declared = f'<?xml version="1.0" encoding="{encoding}"?>'.encode()
    packet = gain_maps.segment(0xE1, gain_maps.XMP + declared + b"<a>\xe4\xff</a>")
    without_a_map(gain_maps.picture([packet], GREY))
