"""The parser of JPEG files."""

import io

import pytest
from PIL import Image

from imagehost import formats
from imagehost.formats import icc
from imagehost.formats.exif import minimal

from . import samples
from .looking import canvas, clean, orientation, pieces, stored
from .samples import behind_soi, between_scans, jpegs, monitor_profile, segment


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


def test_bytes_after_the_adobe_data_are_dropped_and_the_segment_is_kept():
    adobe = b"Adobe\0d\0\0\0\0\x01"
    hidden = behind_soi(jpegs()["baseline"], segment(0xEE, adobe + b"GEHEIM"))
    assert clean("jpg", hidden) == behind_soi(jpegs()["baseline"], segment(0xEE, adobe))


def test_the_first_exif_decides():
    assert orientation(clean("jpg", jpegs()["twice"])) == 8


def test_the_first_of_several_pictures_is_kept():
    cleaned = clean("jpg", jpegs()["mpo"])
    assert cleaned.count(b"\xff\xd8") == 1
    with Image.open(io.BytesIO(cleaned)) as image:
        assert (image.format, image.size) == ("JPEG", samples.SMALL)


def test_invalid_segments_are_refused():
    jpeg = jpegs()["baseline"]
    frame, scan = jpeg.index(b"\xff\xc0"), jpeg.index(b"\xff\xda")
    assert refusal(jpeg[2:]) == "it does not begin like a JPEG"
    assert refusal(b"\xff\xd8\xff\xd9") == "it contains no picture"
    assert refusal(behind_soi(jpeg, b"\xff\xd8")) == "it contains an unexpected JPEG marker"
    assert refusal(behind_soi(jpeg, b"\xff\xf0")) == "it contains an unexpected JPEG marker"
    assert refusal(behind_soi(jpeg, b"\xff\xdb\0\1")) == "a JPEG segment has the wrong length"
    assert refusal(behind_soi(jpeg, b"text")) == "it does not begin like a JPEG"
    for marker, data in (
        (0xDD, b"\0"),
        (0xC4, bytes(18) + b"x"),
        (0xDB, bytes(64)),
        (0xCC, b"x"),
        (0xDA, b""),
    ):
        assert refusal(behind_soi(jpeg, segment(marker, data))) in {
            "a JPEG segment has the wrong length",
            "it has no JPEG header before its pixels",
        }
    assert refusal(behind_soi(jpeg, jpeg[frame : frame + 19])) == "it has two JPEG headers"
    assert refusal(jpeg[:2] + jpeg[scan:]) == "it has no JPEG header before its pixels"
    assert refusal(jpeg.replace(b"\xff\xc0", b"\xff\xc5")) == "it contains an unexpected JPEG marker"
    assert refusal(jpeg[: frame + 9] + b"\4" + jpeg[frame + 10 :]) == "its JPEG header has the wrong length"
    assert refusal(jpeg[: frame + 5] + bytes(4) + jpeg[frame + 9 :]) == "its width or its height is 0"


def test_a_thousand_scans_are_refused():
    jpeg = jpegs()["progressive"]
    scans = jpeg[jpeg.index(b"\xff\xda") : -2]
    assert refusal(jpeg[:-2] + 200 * scans + jpeg[-2:]) == "it has too many scans"


JPEG = jpegs()["baseline"]
DATA = JPEG.index(b"\xff\xdb")
BETWEEN = {
    "zeros": b"\0\0",
    "text": b"Erika Foo, 12 Main Street",
    "the end of a longer segment": segment(0xEE, b"Adobe\0d\0\0\0\0\1")[2:],
    "a stuffed byte": b"\xff\0",
    "a restart marker": b"\xff\xd3",
    "a marker without a segment": b"\xff\x01",
    "fill bytes behind text": b"text\xff\xff\xff",
    "300 bytes": bytes(range(250)) + bytes(50),
}


@pytest.mark.parametrize("place", [20, DATA + 69, JPEG.index(b"\xff\xda")])
@pytest.mark.parametrize("extra", BETWEEN.values(), ids=BETWEEN)
def test_bytes_between_segments_are_dropped(extra, place):
    data = JPEG[:place] + extra + JPEG[place:]
    assert clean("jpg", data) == JPEG
    names = {piece.what for piece in pieces("jpg", data) if isinstance(piece, formats.Dropped)}
    assert names == {"bytes between segments"}


@pytest.mark.parametrize("size", [b"\0\0", b"\0\1"])
@pytest.mark.parametrize("marker", [0xE0, 0xE1, 0xEE, 0xFE])
def test_a_segment_that_says_it_is_shorter_than_its_length_is_dropped(marker, size):
    assert clean("jpg", behind_soi(JPEG, bytes((0xFF, marker)) + size)) == JPEG


@pytest.mark.parametrize("parameters", [(0, 5, 0), (6, 5, 0), (1, 64, 0), (1, 5, 0x31), (1, 5, 14)], ids=str)
def test_a_scan_that_decoders_do_not_take_is_refused(parameters):
    jpeg = bytearray(jpegs()["progressive"])
    at = jpeg.index(b"\xff\xda", jpeg.index(b"\xff\xda") + 2)
    jpeg[at + 7 : at + 10] = bytes(parameters)
    assert refusal(bytes(jpeg)) == "its JPEG header is invalid"


def test_bytes_between_scans_are_dropped():
    assert (
        clean("jpg", between_scans(jpegs()["progressive"], segment(0xFE, b"a") + b"text"))
        == jpegs()["progressive"]
    )


def test_fill_bytes_before_a_marker_are_dropped():
    """Pillow would need minutes for millions of them."""
    assert clean("jpg", JPEG[:DATA] + b"\xff" * 100 + JPEG[DATA:]) == JPEG


@pytest.mark.parametrize("data", [b"JFIF\0", b"JFIF\0\1\1\0\0\1\0\1\0", b"JFIF", b"JFIFx\1\1\0\0\1\0\1\0\0"])
def test_a_jfif_header_that_decoders_ignore_is_dropped(data):
    bare = JPEG[:2] + JPEG[20:]
    assert clean("jpg", behind_soi(bare, segment(0xE0, data))) == bare


@pytest.mark.parametrize("pad", [0, 1, 0xFF])
def test_the_byte_after_the_name_of_exif_is_ignored(pad):
    data = behind_soi(JPEG, segment(0xE1, b"Exif\0" + bytes((pad,)) + samples.exif(6)[6:]))
    found = canvas()
    formats.clean_picture("jpg", io.BytesIO(data), found, io.BytesIO)
    assert found.orientation == orientation(clean("jpg", data)) == 6


def ends(data: bytes) -> tuple[bool, bytes]:
    """Return whether the end marker was missing, and the cleaned picture."""
    found = canvas()
    file, _ = formats.clean_picture("jpg", io.BytesIO(data), found, io.BytesIO)
    return found.end_missing, file.getvalue() if file else data


@pytest.mark.parametrize("name", ["baseline", "progressive", "restarts", "cmyk", "grey"])
def test_a_missing_end_marker_is_added(name):
    jpeg = jpegs()[name]
    assert ends(jpeg) == (False, jpeg)
    assert ends(jpeg[:-2]) == (True, jpeg)
    assert ends(jpeg[:-1])[0]
    # If no further marker follows, the trailer starts in the last scan, and decoding must find the end of the
    # scan.
    assert ends(jpeg[:-2] + segment(0xE1, b"Samsung trailer") + b"text") == (True, jpeg)
    assert ends(jpeg[:-2] + jpeg) == (True, jpeg), "another picture follows"
    assert ends(jpeg[:-2] + b"\xff\xf0text") == (True, jpeg)


def test_a_progressive_picture_without_its_last_scan_is_cut():
    """All existing bytes can be decoded, but some bits of some coefficients are missing."""
    jpeg = jpegs()["progressive"]
    starts = [at for at in range(len(jpeg)) if jpeg[at : at + 2] == b"\xff\xda"]
    assert len(starts) > 3
    for start in starts[1:]:
        assert refusal(jpeg[:start]) in {"it ends too early", "it contains an unexpected JPEG marker"}
        assert refusal(jpeg[: start + 9]) == "it ends too early"


def samsung(*blocks: bytes) -> bytes:
    """Return a trailer of Samsung: blocks, and a directory that counts backwards from its own place."""
    entries, back = b"", sum(map(len, blocks))
    for block in blocks:
        entries += b"\0\0\1\x0a" + back.to_bytes(4, "little") + len(block).to_bytes(4, "little")
        back -= len(block)
    directory = b"SEFH" + (107).to_bytes(4, "little") + len(blocks).to_bytes(4, "little") + entries
    return b"".join(blocks) + directory + len(directory).to_bytes(4, "little") + b"SEFT"


def test_the_end_marker_in_a_trailer_is_not_that_of_the_picture():
    trailer = samsung(b"\0\0\1\x0a\x0e\0\0\0Image_UTC_Data1500000000000", b"video \xff\xd9 video")
    assert ends(JPEG + trailer) == (False, JPEG)
    in_doubt, cleaned = ends(JPEG[:-2] + trailer)
    assert in_doubt
    assert b"SEFT" not in cleaned
    assert cleaned == JPEG
    assert ends(JPEG[:-2] + samsung(b"no marker in here")) == (True, JPEG)


def in_segments(profile: bytes, size: int, order: list[int] | None = None) -> list[bytes]:
    parts = [profile[at : at + size] for at in range(0, len(profile), size)]
    made = [
        segment(0xE2, b"ICC_PROFILE\0" + bytes((number, len(parts))) + part)
        for number, part in enumerate(parts, 1)
    ]
    return [made[at] for at in order] if order else made


def test_a_profile_in_several_segments_loses_its_private_tags():
    profile = monitor_profile()
    assert b"GEHEIM" in profile
    for size in (len(profile), 200, 97):
        cleaned = clean("jpg", behind_soi(JPEG, *in_segments(profile, size)))
        assert b"GEHEIM" not in cleaned.replace(b"ICC_PROFILE", b"")
        with Image.open(io.BytesIO(cleaned)) as image:
            assert image.info["icc_profile"] == icc.blanked(profile)
    turned = in_segments(profile, -(-len(profile) // 3), [2, 0, 1])
    assert clean("jpg", behind_soi(JPEG, *turned)).count(b"ICC_PROFILE") == 3


@pytest.mark.parametrize("order", [[0, 2], [0, 1, 2, 2], [0, 1]], ids=str)
def test_an_incomplete_profile_is_dropped(order):
    parts = in_segments(monitor_profile(), -(-len(monitor_profile()) // 3), order)
    assert clean("jpg", behind_soi(JPEG, *parts)) == JPEG


def test_work_is_counted_by_samples_and_scans():
    def work(**options: object) -> int:
        found = canvas()
        jpeg = samples.saved(samples.photo(size=(64, 48)), "JPEG", **options)
        formats.clean_picture("jpg", io.BytesIO(jpeg), found, io.BytesIO)
        return found.work

    area = 64 * 48
    assert work(subsampling="4:4:4") == 3 * area
    assert work(subsampling="4:2:0") == area + area // 2
    # libjpeg writes ten scans: one of all three colours, then scans of one colour each.
    assert work(subsampling="4:4:4", progressive=True) == 3 * area + 9 * area + 2 * area


def test_a_truncated_picture_is_refused_with_any_bytes_after_it():
    """An end marker in a trailer does not complete a picture with missing scans."""
    jpeg = jpegs()["progressive"]
    scans = [at for at in range(len(jpeg)) if jpeg[at : at + 2] == b"\xff\xda"]
    trailer = samsung(b"\0\0\1\x0a\x0e\0\0\0Image_UTC_Data", b"video \xff\xd9 video")
    for cut in (scans[2] + 20, scans[-1]):
        assert stored("jpg", jpeg[:cut] + trailer) is None


TRAILERS = {
    "text": b"taken at home by Erika Foo",
    "text with an end marker": b"taken at home \xff\xd9 by Erika Foo",
    "a video with an end marker": b"\0\0\0\x18ftypmp42"
    + b"GPS secret" * 20
    + b"\xff\xd9"
    + b"GPS secret" * 20,
    "zeros": bytes(500),
    "text and another picture": b"taken at home by Erika Foo" + jpegs()["grey"],
    "Samsung's and zeros": samsung(b"Image_UTC_Data1500000000000 \xff\xd9") + bytes(64),
}


@pytest.mark.parametrize("name", ["baseline", "progressive", "restarts", "cmyk", "grey"])
@pytest.mark.parametrize("trailer", TRAILERS.values(), ids=TRAILERS)
def test_nothing_is_stored_of_a_trailer_behind_a_missing_end_marker(name, trailer):
    jpeg = jpegs()[name]
    assert stored("jpg", jpeg[:-2] + trailer) == jpeg


@pytest.mark.parametrize(
    "trailer", [b"", b"PK\3\4 a ZIP archive", bytes(9), jpegs()["grey"], b"\0\0\0\x18ftypmp42"]
)
def test_bytes_after_an_end_marker_are_dropped(trailer):
    assert stored("jpg", JPEG + trailer) == JPEG


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 3}], ids=str)
@pytest.mark.parametrize("colour", ["white", "grey", "#123456"])
def test_a_picture_of_one_colour_keeps_all_its_bytes(colour, options):
    """Its last bytes may have no effect on its pixels."""
    jpeg = samples.saved(Image.new("RGB", (333, 77), colour), "JPEG", **options)
    assert stored("jpg", jpeg[:-2]) == jpeg
