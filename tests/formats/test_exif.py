"""The orientation in EXIF, and the minimal EXIF that is written."""

import pytest

from imagehost.formats import exif

from . import samples


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_minimal_block_holds_its_orientation_and_nothing_else(orientation):
    block = exif.minimal(orientation)
    assert exif.read_exif(block) == orientation
    assert exif.replacement(block) == block
    assert len(block) == 26


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_camera_block_leaves_only_its_orientation(orientation):
    assert exif.replacement(samples.exif(orientation)) == exif.minimal(orientation)


@pytest.mark.parametrize("orientation", [None, 1])
def test_an_upright_picture_needs_no_block(orientation):
    assert exif.replacement(samples.exif(orientation)) == b""


def test_both_byte_orders_are_read():
    little = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    assert exif.read_exif(little) == 6


@pytest.mark.parametrize(
    "damage", [(10, b"\0\x04"), (14, b"\0\x02"), (18, b"\0\x09"), (18, b"\0\0"), (4, b"\xff"), (0, b"X")]
)
def test_a_block_that_browsers_do_not_believe_is_upright(damage):
    at, data = damage
    block = bytearray(exif.minimal(6))
    block[at : at + len(data)] = data
    assert exif.read_exif(bytes(block)) == exif.UPRIGHT


def test_a_block_that_is_cut_anywhere_is_upright():
    block = exif.minimal(6)
    assert {exif.read_exif(block[:size]) for size in range(20)} == {exif.UPRIGHT}
