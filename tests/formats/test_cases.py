"""The stored bytes of the pictures in tests/cases differ from the uploaded ones only as described here."""

import io
from pathlib import Path

import pytest

from imagehost import formats
from imagehost.domain import kinds
from imagehost.formats import exif
from imagehost.imaging import proving

from .looking import canvas, look, stored

CASES = Path(__file__).parent.parent / "cases"
END_OF_PNG = b"\0\0\0\0IEND\xaeB`\x82"


def changes(name):
    """Return the bytes that are dropped from a file, and those that are added, each with its name."""
    data = (CASES / name).read_bytes()
    kind = kinds.kind_of_bytes(data[: kinds.HEAD_SIZE])
    found = canvas(100_000_000, 5_000_000_000)
    file, _ = formats.clean_picture(kind, io.BytesIO(data), found, io.BytesIO)
    cleaned = data if file is None else file.getvalue()
    if found.end_missing:
        proving.prove_picture(kind, io.BytesIO(cleaned))
    assert look(kind, cleaned)
    pieces = list(formats.walk_picture(kind, io.BytesIO(data), canvas(100_000_000, 5_000_000_000)))
    return (
        [
            (piece.what, data[piece.start : piece.stop])
            for piece in pieces
            if isinstance(piece, formats.Dropped)
        ],
        [(piece.what, piece.data) for piece in pieces if isinstance(piece, formats.Added)],
    )


@pytest.mark.parametrize(
    "name",
    [
        "avif-major-brand-mif1.avif",
        "gif-screen-recording-1280x720-120-frames.gif",
        "jpeg-grey-with-grey-profile.jpg",
        "jpeg-junk-between-last-mcu-and-eoi.jpg",
        "jpeg-ultra-hdr-gain-map.jpg",
        "png-colour-profile-over-1-mib.png",
    ],
)
def test_these_are_stored_as_they_are(name):
    assert changes(name) == ([], [])


def test_a_gif_without_trailer_gets_one():
    assert changes("gif-no-trailer.gif") == ([], [("end marker", b";")])


def test_a_zero_between_two_frames_is_dropped():
    assert changes("gif-zero-byte-between-frames.gif") == ([("bytes between blocks", b"\0")], [])


def test_a_png_without_end_gets_one():
    assert changes("png-no-iend.png") == ([], [("end marker", END_OF_PNG)])


def test_a_text_with_a_wrong_checksum_is_dropped():
    [(what, chunk)], added = changes("png-text-with-wrong-crc.png")
    assert (what, chunk[4:8], added) == ("text", b"tEXt", [])


def test_a_resolution_of_the_wrong_length_is_dropped():
    [(what, chunk)], added = changes("png-phys-of-eight-bytes.png")
    assert (what, chunk[:8], added) == ("resolution", b"\0\0\0\x08pHYs", [])


def test_the_second_exif_of_a_png_is_dropped():
    [(what, chunk)], added = changes("png-two-exif.png")
    assert (what, chunk[4:8], added) == ("EXIF", b"eXIf", [])


def test_the_monitor_of_a_profile_is_not_named():
    dropped, added = changes("png-colour-profile-names-the-monitor.png")
    assert [(what, chunk[4:8]) for what, chunk in dropped + added] == [("colour profile", b"iCCP")] * 2
    assert added[0][1][8:].startswith(b"ICC profile\0\0")


def test_the_number_of_frames_of_an_animated_png_is_corrected():
    dropped, added = changes("apng-announces-one-frame-more.png")
    assert [(what, chunk[4:12]) for what, chunk in dropped] == [("number of frames", b"acTL\0\0\0\3")]
    assert [(what, chunk[4:12]) for what, chunk in added] == [("number of frames", b"acTL\0\0\0\2")]


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("jpeg-300-bytes-before-first-table.jpg", 300),
        ("jpeg-app14-without-its-marker.jpg", 15),
        ("jpeg-two-zero-bytes-after-exif.jpg", 2),
    ],
)
def test_bytes_between_segments_are_dropped(name, size):
    dropped, added = changes(name)
    assert [len(data) for what, data in dropped if what == "bytes between segments"] == [size]
    assert {what for what, _ in dropped + added} <= {"bytes between segments", "EXIF"}


def test_a_short_jfif_segment_is_dropped():
    assert changes("jpeg-jfif-of-seven-bytes.jpg") == ([("JFIF header", b"\xff\xe0\0\x07JFIF\0")], [])


def test_exif_with_another_pad_byte_is_read():
    dropped, added = changes("jpeg-exif-pad-byte-not-zero.jpg")
    assert [(what, data[4:10]) for what, data in dropped] == [("EXIF", b"Exif\0\xff")]
    assert [(what, data[4:10]) for what, data in added] == [("EXIF", b"Exif\0\0")]
    assert exif.read_exif(added[0][1][10:]) == 6


def test_a_jpeg_without_end_marker_gets_one():
    assert changes("jpeg-no-eoi.jpg") == ([], [("end marker", b"\xff\xd9")])


def test_the_trailer_behind_a_missing_end_marker_is_cut():
    sent = (CASES / "jpeg-samsung-panorama-no-eoi-then-trailer.jpg").read_bytes()
    start = sent.index(b"\0\0\x0a\x10\0\0\0Image_UTC_Data")
    # The block begins with one more zero, and the last byte of the picture may be zero, too.
    left = stored("jpg", sent)
    assert left.endswith(b"\xff\xd9")
    assert sent.startswith(left[:-2])
    assert len(left) - 2 <= start
    # The same with an end marker in the trailer.
    for at in (start + 40, len(sent) - 60):
        other = sent[:at] + b"\xff\xd9" + sent[at:]
        assert stored("jpg", other) == left
