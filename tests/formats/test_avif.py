import io
import struct

import pytest
from PIL import Image

from imagehost import formats
from imagehost.formats.avif_items import EMPTY_EXIF

from . import samples
from .avif_building import handler
from .looking import clean, look, orientation
from .samples import SECRET, avifs, box

FILE_TYPE = box(b"ftyp", b"avif\0\0\0\0avifmif1miaf")


def refusal(data):
    with pytest.raises(formats.Malformed) as caught:
        clean("avif", data)
    return str(caught.value)


def full(name, data, version=0):
    return box(name, bytes((version, 0, 0, 0)) + data)


def in_idat(exif, xmp, between=b""):
    """Write a picture whose metadata lie in its header, as construction method 1 has it."""
    plain = avifs()["plain"]
    pixels = plain[plain.index(b"mdat") + 4 :]
    properties = plain[plain.index(b"iprp") - 4 : plain.index(b"mdat") - 4]
    kinds = [(1, b"av01", b"\0"), (2, b"Exif", b"\0"), (3, b"mime", b"\0application/rdf+xml\0")]
    entries = [full(b"infe", struct.pack(">HH", item, 0) + kind + rest, 2) for item, kind, rest in kinds]
    idat = box(b"idat", exif + xmp)

    def header(start):
        places = [(1, 0, start, len(pixels)), (2, 1, 0, len(exif)), (3, 1, len(exif), len(xmp))]
        rows = [struct.pack(">HHHHII", item, method, 0, 1, *place) for item, method, *place in places]
        return full(
            b"meta",
            full(b"hdlr", bytes(4) + b"pict" + bytes(13))
            + full(b"pitm", b"\0\1")
            + full(b"iloc", b"\x44\0" + struct.pack(">H", 3) + b"".join(rows), 1)
            + full(b"iinf", struct.pack(">H", 3) + b"".join(entries))
            + properties
            + idat,
        )

    start = len(FILE_TYPE) + len(header(0)) + len(between) + 8
    return FILE_TYPE + header(start) + between + box(b"mdat", pixels)


@pytest.mark.parametrize("turn", range(1, 9))
def test_orientation_survives_and_the_rest_of_exif_does_not(turn):
    data = samples.saved(samples.photo(), "AVIF", exif=samples.exif(turn), xmp=samples.XMP, speed=10)
    cleaned = clean("avif", data)
    assert orientation(data) == orientation(cleaned) == turn
    assert len(cleaned) == len(data)
    assert SECRET in data
    assert SECRET not in cleaned
    assert b"2025:01:24" not in cleaned


def test_metadata_are_blanked_and_the_profile_stays():
    with Image.open(io.BytesIO(clean("avif", avifs()["rich"]))) as image:
        assert image.info["icc_profile"] == samples.PROFILE
        assert not image.info["xmp"].strip(b"\0")
        assert set(image.getexif()) <= {0x0112}


def test_metadata_in_the_header_are_blanked():
    data = in_idat(bytes(4) + samples.exif()[6:], samples.XMP)
    assert look("avif", data)
    cleaned = clean("avif", data)
    assert look("avif", cleaned)[0][3] == look("avif", data)[0][3]
    assert SECRET not in cleaned
    assert clean("avif", cleaned) is cleaned


def test_the_times_of_an_animation_are_blanked():
    data = bytearray(avifs()["moving"])
    places = [data.index(name) + 8 for name in (b"mvhd", b"tkhd", b"mdhd")]
    for at in places:
        data[at : at + 8] = b"GEHEIMGE"
    cleaned = clean("avif", bytes(data))
    assert SECRET not in cleaned
    assert look("avif", cleaned) == look("avif", bytes(data))


def test_empty_and_foreign_boxes_are_cut_off_at_the_end_and_blanked_elsewhere():
    assert clean("avif", avifs()["boxes"]) == avifs()["plain"]
    hidden = in_idat(EMPTY_EXIF, bytes(8), box(b"uuid", bytes(16) + SECRET) + box(b"what", SECRET))
    cleaned = clean("avif", hidden)
    assert cleaned == in_idat(EMPTY_EXIF, bytes(8), box(b"free", bytes(22)) + box(b"free", bytes(6)))
    assert look("avif", cleaned) == look("avif", hidden)
    assert look("avif", cleaned)


def test_what_is_blanked_may_not_be_needed():
    data = bytearray(avifs()["rich"])
    at = data.index(b"iloc") + 12
    places = [at + 14 * item + 6 for item in range(3)]
    pixels = data[places[0] : places[0] + 4]
    for place, start, reason in [
        (places[1], pixels, "its AVIF items overlap"),
        (places[1], data[places[2] : places[2] + 4], "its AVIF items overlap"),
        (places[1], b"\0\0\0\x30", "an AVIF item lies outside of its place"),
        (places[0], b"\xff\0\0\0", "it ends too early"),
    ]:
        changed = data.copy()
        changed[place : place + 4] = start
        assert refusal(bytes(changed)) == reason


def test_what_has_no_place_in_an_avif_is_refused():
    plain = avifs()["plain"]
    rest = plain[len(FILE_TYPE) :]
    assert refusal(box(b"ftyp", b"heic\0\0\0\0mif1heic") + rest) == "it does not begin like an AVIF"
    assert refusal(rest) == "it does not begin like an AVIF"
    assert refusal(FILE_TYPE + box(b"mdat", b"abc")) == "it holds no picture"
    assert refusal(FILE_TYPE + full(b"meta", b"", 1)) == "its AVIF header makes no sense"
    assert refusal(FILE_TYPE + full(b"meta", b"\0\0\0\x09free")) == "an AVIF box has the wrong length"
    assert refusal(FILE_TYPE + full(b"meta", b"\0\0\0\x07free")) == "an AVIF box has the wrong length"
    assert refusal(FILE_TYPE + full(b"meta", full(b"iloc", b"\x44"))) == "an AVIF table is too short"
    assert refusal(FILE_TYPE + full(b"meta", 2 * full(b"pitm", b"\0\1"))) == "it has an AVIF box twice"
    assert refusal(FILE_TYPE + 2 * full(b"meta", b"")) == "it has an AVIF box twice"


@pytest.mark.parametrize("name", [b"trak", b"mdia"])
def test_boxes_nested_without_end_are_refused(name):
    nested = b""
    for _ in range(5000):
        nested = box(name, nested)
    track = box(b"trak", box(b"mdia", handler(b"pict")) + nested)
    assert refusal(FILE_TYPE + box(b"moov", track)) == "its AVIF boxes are nested wrongly"
