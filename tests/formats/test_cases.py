"""The pictures in tests/cases: the stored bytes differ from the uploaded ones in what is named here only."""

import io
from pathlib import Path

import pytest

from imagehost import formats, kinds

from .looking import PROOFS, canvas, look

CASES = Path(__file__).parent.parent / "cases"
END_OF_PNG = b"\0\0\0\0IEND\xaeB`\x82"


def changes(name):
    """The bytes that are dropped of a file, and those that are added, each with its name."""
    data = (CASES / name).read_bytes()
    kind = kinds.detect(data[: kinds.HEAD])
    found = canvas(100_000_000, 5_000_000_000)
    file, _ = formats.clean(kind, io.BytesIO(data), found, io.BytesIO)
    stored = data if file is None else file.getvalue()
    if found.end_missing:
        PROOFS[kind](io.BytesIO(stored))
    assert look(kind, stored)
    pieces = list(formats.walk(kind, io.BytesIO(data), canvas(100_000_000, 5_000_000_000)))
    return (
        [
            (piece.what, data[piece.start : piece.stop])
            for piece in pieces
            if isinstance(piece, formats.Dropped)
        ],
        [(piece.what, piece.data) for piece in pieces if isinstance(piece, formats.Added)],
    )


@pytest.mark.parametrize(
    "name", ["gif-screen-recording-1280x720-120-frames.gif", "png-colour-profile-over-1-mib.png"]
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
