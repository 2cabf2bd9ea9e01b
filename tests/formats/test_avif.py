"""The parser of AVIF files."""

import io
import json
import struct
import subprocess

import pytest
from PIL import Image

from imagehost import formats

from . import avif_building as building
from . import samples
from .looking import canvas, clean, look, orientation
from .samples import SECRET, avifs, box

FILE_TYPE = box(b"ftyp", b"avif\0\0\0\0avifmif1miaf")


def refusal(data):
    with pytest.raises(formats.Malformed) as caught:
        clean("avif", data)
    return str(caught.value)


def full(name, data, version=0):
    return box(name, bytes((version, 0, 0, 0)) + data)


def in_idat(exif, xmp, between=b""):
    """Return a picture whose metadata is in its header (construction method 1)."""
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
        assert "xmp" not in image.info
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
    hidden = in_idat(bytes(18), bytes(8), box(b"uuid", bytes(16) + SECRET) + box(b"what", SECRET))
    cleaned = clean("avif", hidden)
    blank = in_idat(bytes(18), bytes(8), box(b"free", bytes(22)) + box(b"free", bytes(6)))
    assert cleaned == clean("avif", blank)
    assert look("avif", cleaned) == look("avif", hidden)
    assert look("avif", cleaned)


def test_parts_that_pixels_need_are_not_blanked():
    data = bytearray(avifs()["rich"])
    at = data.index(b"iloc") + 12
    places = [at + 14 * item + 6 for item in range(3)]
    pixels = data[places[0] : places[0] + 4]
    for place, start, reason in [
        (places[1], pixels, "its AVIF items overlap"),
        (places[1], data[places[2] : places[2] + 4], "its AVIF items overlap"),
        (places[1], b"\0\0\0\x30", "an AVIF item is outside of its data box"),
        (places[0], b"\xff\0\0\0", "it ends too early"),
    ]:
        changed = data.copy()
        changed[place : place + 4] = start
        assert refusal(bytes(changed)) == reason


def test_invalid_boxes_are_refused():
    plain = avifs()["plain"]
    rest = plain[len(FILE_TYPE) :]
    assert refusal(box(b"ftyp", b"heic\0\0\0\0mif1heic") + rest) == "it does not begin like an AVIF"
    assert refusal(rest) == "it does not begin like an AVIF"
    assert refusal(FILE_TYPE + box(b"mdat", b"abc")) == "it contains no picture"
    assert refusal(FILE_TYPE + full(b"meta", b"", 1)) == "its AVIF header is invalid"
    assert refusal(FILE_TYPE + full(b"meta", b"\0\0\0\x09free")) == "an AVIF box has the wrong length"
    assert refusal(FILE_TYPE + full(b"meta", b"\0\0\0\x07free")) == "an AVIF box has the wrong length"
    assert refusal(FILE_TYPE + full(b"meta", full(b"iloc", b"\x44"))) == "an AVIF table is too short"
    assert (
        refusal(FILE_TYPE + full(b"meta", 2 * full(b"pitm", b"\0\1"))) == "an AVIF box occurs more than once"
    )
    assert refusal(FILE_TYPE + 2 * full(b"meta", b"")) == "an AVIF box occurs more than once"


@pytest.mark.parametrize("name", [b"trak", b"mdia"])
def test_boxes_nested_without_end_are_refused(name):
    nested = b""
    for _ in range(5000):
        nested = box(name, nested)
    track = box(b"trak", box(b"mdia", building.handler(b"pict")) + nested)
    assert refusal(FILE_TYPE + box(b"moov", track)) == "its AVIF boxes are nested wrongly"


def report(data):
    """Return the report of dropped parts."""
    return formats.clean_picture("avif", io.BytesIO(data), canvas(), io.BytesIO).report.dropped


def test_the_report_names_all_dropped_parts():
    words = {"EXIF", "XMP", "name", "metadata", "description", "thumbnail"}
    assert words == set(report(avifs()["described"]))
    words = {"EXIF", "XMP", "times", "audio", "track", "box", "name", "encoder", "unused data"}
    assert words == set(report(avifs()["film"]))


def test_nothing_of_a_sound_remains():
    cleaned = clean("avif", avifs()["film"])
    assert len(cleaned) == len(avifs()["film"])
    for word in (b"soun", b"sowt", b"smhd", b"mett", b"udta", b"ilst"):
        assert word in avifs()["film"]
        assert word not in cleaned
    assert cleaned.count(b"trak") == 2


def test_metadata_of_a_track_and_of_the_file_may_be_the_same():
    data = avifs()["moving-rich"]
    assert data.count(b"Exif") >= 2  # in the order in which libavif writes them
    assert b"Exif" not in clean("avif", data)


def test_data_that_belong_to_nothing_are_blanked():
    colour = building.coded(avifs()["plain"])
    left = building.Item(b"av01", SECRET)  # an item that has no entry
    data = building.still([building.picture(colour), left]).replace(
        building.full(b"infe", b"\0\2\0\0av01\0", 2), building.full(b"infe", b"\0\3\0\0av01\0", 2)
    )
    assert SECRET in data
    assert report(data) == {"unused data": len(SECRET)}
    assert look("avif", clean("avif", data)) == look("avif", data)


@pytest.mark.parametrize(
    "unit", [b"\x7a\x06", b"\x4a\x06", b"\x2a\x07\x06"], ids=["padding", "unknown", "private"]
)
def test_units_that_decoders_ignore_are_blanked(unit):
    colour = building.coded(avifs()["plain"])
    hiding = building.Item(b"av01", colour.data[:2] + unit + SECRET + colour.data[2:], colour.properties)
    data = building.still([hiding])
    assert set(report(data)) == {"unused data"}
    assert look("avif", clean("avif", data)) == look("avif", avifs()["plain"])


def test_a_thumbnail_is_dropped_with_its_tiles_and_its_alpha():
    colour, alpha = (building.coded(avifs()["alpha"], item) for item in (1, 2))
    tile = building.Item(b"av01", colour.data + b"\0\1", colour.properties)
    size = struct.pack(">HH", *colour.size)
    data = building.still(
        [
            building.picture(colour),
            building.Item(b"grid", bytes(4) + size, refers=((b"thmb", (1,)), (b"dimg", (3,)))),
            tile,
            building.picture(alpha, building.auxiliary(), refers=((b"auxl", (2,)),)),
        ]
    )
    assert report(data) == {"thumbnail": 8 + len(tile.data) + len(alpha.data)}
    assert tile.data not in clean("avif", data)


def test_a_profile_loses_the_name_of_the_monitor_and_keeps_its_colours():
    profile = samples.monitor_profile()
    for data in (
        building.still(samples.described(icc_profile=profile)),
        building.still(samples.described(icc_profile=profile)).replace(b"colrprof", b"colrrICC"),
        samples.film(icc_profile=profile),
    ):
        assert SECRET not in clean("avif", data)
        assert report(data)["colour profile"] == len(profile)
        before, after = look("avif", data), look("avif", clean("avif", data))
        assert [frame[3] for frame in before] == [frame[3] for frame in after]


def test_a_gain_map_is_kept_and_counted():
    data = avifs()["gain-map"]
    assert clean("avif", data) is data
    counted = canvas()
    formats.clean_picture("avif", io.BytesIO(data), counted, io.BytesIO)
    assert (counted.width, counted.height, counted.frames) == (*samples.SMALL, 1)
    assert counted.work == 3 * (40 * 28 + 20 * 14)


ORIENTATIONS = {
    (): 1,
    (building.imir(1),): 2,
    (building.irot(2),): 3,
    (building.imir(0),): 4,
    (building.irot(1), building.imir(0)): 5,
    (building.irot(3),): 6,
    (building.irot(1), building.imir(1)): 7,
    (building.imir(1), building.irot(1)): 7,  # in any order
    (building.irot(1),): 8,
}


@pytest.mark.parametrize(("properties", "expected"), ORIENTATIONS.items())
def test_the_orientation_is_that_of_the_properties(properties, expected):
    colour = building.coded(avifs()["plain"])
    still = building.still([building.picture(colour, *properties)])
    moving = building.moving([building.pictures([colour, colour], *properties)], [building.picture(colour)])
    for data in (still, moving):
        found = canvas()
        formats.clean_picture("avif", io.BytesIO(data), found, io.BytesIO)
        assert found.orientation == expected == orientation(data)


# Groups of exiftool that describe the file and its structure, not a camera or a person.
PLAIN = {"ExifTool", "System", "File", "QuickTime", "Meta", "Track1", "Track2", "Composite"}
WORDS = {"ExifByteOrder", "HandlerDescription", "CompressorName", "VendorID", "Warning"}


@pytest.mark.parametrize("name", avifs())
def test_exiftool_finds_nothing_private(name, tmp_path):
    file = tmp_path / "picture.avif"
    file.write_bytes(clean("avif", avifs()[name]))
    told = subprocess.run(["exiftool", "-G1", "-a", "-s", "-u", "-j", file], capture_output=True, check=True)
    (facts,) = json.loads(told.stdout)
    for fact, value in facts.items():
        group, _, tag = fact.rpartition(":")
        assert not group or group in PLAIN or group.startswith("ICC")
        assert tag not in WORDS
        if tag.endswith("Date") and group != "System":
            assert value == "0000:00:00 00:00:00"
