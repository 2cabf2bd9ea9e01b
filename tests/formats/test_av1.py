"""The parser of AV1 data."""

import io

import pytest

from imagehost import formats
from imagehost.formats import av1

from . import avif_building as building
from .avif_variants import alpha, colour, frames, tile
from .looking import canvas, clean
from .samples import avifs


def packed(*fields):
    """Return numbers as bytes, each with a number of bits."""
    bits = "".join(f"{value:0{count}b}" for value, count in fields)
    return int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")


SIZE = ((11, 4), (9, 4), (1919, 12), (999, 10))
STILL = ((0, 3), (1, 1), (1, 1), (8, 5))
FILM = ((0, 3), (0, 1), (0, 1))
POINT = ((0, 12), (5, 5))
DECODER = ((1, 1), (9, 5), (1, 32), (4, 5), (4, 5))
HIGH_POINT = ((0, 12), (9, 5), (1, 1), (1, 1), (7, 10), (7, 10), (0, 1), (1, 1), (3, 4))


@pytest.mark.parametrize(
    "fields",
    [
        STILL,
        (*FILM, (0, 1), (0, 1), (0, 5), *POINT),
        (*FILM, (0, 1), (0, 1), (1, 5), *POINT, *POINT),
        (*FILM, (1, 1), (1, 32), (30, 32), (0, 1), (0, 1), (0, 1), (0, 5), *POINT),
        (*FILM, (1, 1), (1, 32), (30, 32), (1, 1), (0b00101, 5), *DECODER, (1, 1), (0, 5), *HIGH_POINT),
    ],
    ids=["still", "film", "layers", "times", "decoder model"],
)
def test_the_size_is_found_after_any_optional_fields(fields):
    assert av1.sequence_size(packed(*fields, *SIZE)) == (1920, 1000)


def measured(data, **limits):
    found = canvas(**limits)
    formats.clean_picture("avif", io.BytesIO(data), found, io.BytesIO)
    return found


def test_work_is_that_of_the_first_frame_with_its_alpha():
    area = 40 * 28
    assert measured(avifs()["plain"]).work == 3 * area
    assert measured(avifs()["alpha"]).work == 4 * area
    assert measured(avifs()["moving"]).work == 3 * area
    assert measured(avifs()["film"]).work == 4 * area
    assert measured(avifs()["grid"]).work == 2 * 4 * 64 * 64


def test_a_picture_that_is_larger_than_it_declares_is_limited():
    lying = building.Item(b"av01", tile().data, (building.ispe(8, 8), tile().properties[1]))
    data = building.still([lying])
    assert measured(data).work == 3 * 64 * 64
    with pytest.raises(formats.PixelLimit) as caught:
        clean("avif", data, pixels=64 * 64 - 1)
    assert caught.value.pixels == 64 * 64


def test_a_gain_map_that_is_larger_than_its_picture_is_limited():
    wide = (building.ispe(40, 28),)
    data = building.still(
        [
            building.picture(colour()),
            tile(),
            building.Item(b"tmap", avifs()["gain-map"], wide, ((b"dimg", (1, 2)),)),
        ]
    )
    assert (measured(data).width, measured(data).height) == (40, 28)
    with pytest.raises(formats.PixelLimit):
        clean("avif", data, pixels=64 * 64 - 1)


def test_frames_are_counted_with_the_size_of_the_track():
    data = building.moving([building.pictures(frames() * 50)], [building.picture(colour())])
    assert measured(data).pixels == 100 * 40 * 28
    with pytest.raises(formats.PixelLimit) as caught:
        clean("avif", data, animation_pixels=100 * 40 * 28 - 1)
    assert caught.value.animated
    assert clean("avif", data, pixels=40 * 28)


def test_frames_that_share_their_data_without_end_are_refused():
    def shared(count):
        track = building.pictures([colour()] * count, shared=True)
        return building.moving([track], [building.picture(colour())])

    assert measured(shared(9)).frames == 9
    with pytest.raises(formats.Malformed, match="overlap"):
        clean("avif", shared(200))


def test_alpha_is_walked_as_pictures_are():
    secret = building.Item(
        b"av01",
        alpha().data[:2] + b"\x7a\x06GEHEIM" + alpha().data[2:],
        (*alpha().properties, building.auxiliary()),
        ((b"auxl", (1,)),),
    )
    data = building.still([building.picture(colour()), secret])
    assert b"GEHEIM" not in clean("avif", data)
