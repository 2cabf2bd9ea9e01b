import io

import pytest
from PIL import Image

from imagehost import formats
from imagehost.formats.exif import minimal

from . import samples
from .looking import clean, orientation
from .samples import behind_soi, jpegs, segment


def refusal(data):
    with pytest.raises(formats.Malformed) as caught:
        clean("jpg", data)
    return str(caught.value)


@pytest.mark.parametrize("turn", range(1, 9))
def test_orientation_survives_and_the_rest_of_exif_does_not(turn):
    cleaned = clean("jpg", samples.saved(samples.photo(), "JPEG", exif=samples.exif(turn)))
    assert orientation(cleaned) == turn
    assert cleaned.count(b"Exif") == (turn != 1)
    assert cleaned.count(minimal(turn)) == (turn != 1)


def test_every_kind_of_metadata_is_gone_and_the_profile_stays():
    for name in ("rich", "rich-progressive", "segments", "between", "mpo"):
        cleaned = clean("jpg", jpegs()[name])
        for trace in (b"GEHEIM", b"adobe:ns", b"8BIM", b"JFXX", b"MPF\0", b"\xff\xfe"):
            assert trace not in cleaned
        with Image.open(io.BytesIO(cleaned)) as image:
            assert image.info.get("icc_profile") == (samples.PROFILE if "rich" in name else None)


def test_a_clean_file_is_the_file_without_its_metadata_byte_for_byte():
    assert clean("jpg", jpegs()["between"]) == jpegs()["progressive"]
    assert clean("jpg", jpegs()["upright"]) == jpegs()["baseline"]


def test_the_thumbnail_in_a_jfif_header_is_cut_out_and_the_header_stays():
    cleaned = clean("jpg", jpegs()["segments"])
    assert cleaned[2:20] == segment(0xE0, samples.THUMBNAIL[:12] + b"\0\0")


def test_what_hides_behind_the_adobe_marker_goes_and_the_marker_stays():
    adobe = b"Adobe\0d\0\0\0\0\x01"
    hidden = behind_soi(jpegs()["baseline"], segment(0xEE, adobe + b"GEHEIM"))
    assert clean("jpg", hidden) == behind_soi(jpegs()["baseline"], segment(0xEE, adobe))


def test_the_first_exif_decides():
    assert orientation(clean("jpg", jpegs()["twice"])) == 8


def test_of_several_pictures_the_first_is_kept():
    cleaned = clean("jpg", jpegs()["mpo"])
    assert cleaned.count(b"\xff\xd8") == 1
    with Image.open(io.BytesIO(cleaned)) as image:
        assert (image.format, image.size) == ("JPEG", samples.SMALL)


def test_what_has_no_place_in_a_jpeg_is_refused():
    jpeg = jpegs()["baseline"]
    frame, scan = jpeg.index(b"\xff\xc0"), jpeg.index(b"\xff\xda")
    assert refusal(jpeg[2:]) == "it does not begin like a JPEG"
    assert refusal(b"\xff\xd8\xff\xd9") == "it holds no picture"
    assert refusal(behind_soi(jpeg, b"\xff\xd8")) == "it has a JPEG marker out of place"
    assert refusal(behind_soi(jpeg, b"\xff\xd0")) == "it has a JPEG marker out of place"
    assert refusal(behind_soi(jpeg, b"\xff\0")) == "it has a JPEG marker out of place"
    assert refusal(behind_soi(jpeg, b"junk")) == "a JPEG segment has the wrong length"
    assert refusal(behind_soi(jpeg, b"\xff\xfe\0\1")) == "a JPEG segment has the wrong length"
    assert refusal(behind_soi(jpeg, segment(0xE0, b"JFIF\0"))) == "its JFIF header is too short"
    assert refusal(behind_soi(jpeg, segment(0xDD, b"\0"))) == "a JPEG segment has the wrong length"
    assert refusal(behind_soi(jpeg, jpeg[frame : frame + 19])) == "it has two JPEG headers"
    assert refusal(jpeg[:2] + jpeg[scan:]) == "it has no JPEG header before its pixels"
    assert refusal(jpeg.replace(b"\xff\xc0", b"\xff\xc5")) == "it has a JPEG marker out of place"
    assert refusal(jpeg[: frame + 9] + b"\4" + jpeg[frame + 10 :]) == "its JPEG header has the wrong length"
    assert refusal(jpeg[: frame + 5] + bytes(4) + jpeg[frame + 9 :]) == "it has no width or no height"


def test_a_thousand_scans_are_refused():
    jpeg = jpegs()["progressive"]
    scans = jpeg[jpeg.index(b"\xff\xda") : -2]
    assert refusal(jpeg[:-2] + 200 * scans + jpeg[-2:]) == "it has too many scans"
