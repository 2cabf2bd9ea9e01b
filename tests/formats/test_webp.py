"""The parser of WebP files."""

import io

import pytest
from PIL import Image

from imagehost import formats
from imagehost.formats.exif import minimal

from . import samples
from .looking import clean, orientation
from .samples import riff, riff_chunk, webps


def refusal(data):
    with pytest.raises(formats.Malformed) as caught:
        clean("webp", data)
    return str(caught.value)


@pytest.mark.parametrize("turn", range(1, 9))
def test_orientation_survives_and_the_rest_of_exif_does_not(turn):
    cleaned = clean("webp", samples.saved(samples.photo(), "WEBP", exif=samples.exif(turn)))
    assert orientation(cleaned) == turn
    assert cleaned.count(b"EXIF") == cleaned.count(minimal(turn)) == (turn != 1)
    assert cleaned[20] & 0x0C == (8 if turn != 1 else 0)


@pytest.mark.parametrize("name", ["rich", "moving-rich"])
def test_every_kind_of_metadata_is_gone_and_the_profile_stays(name):
    cleaned = clean("webp", webps()[name])
    assert b"XMP " not in cleaned
    assert int.from_bytes(cleaned[4:8], "little") == len(cleaned) - 8
    with Image.open(io.BytesIO(cleaned)) as image:
        assert image.info["icc_profile"] == samples.PROFILE
        assert image.info["loop"] == (3 if "moving" in name else 1)


@pytest.mark.parametrize("name", ["lossy", "lossless", "alpha", "moving"])
@pytest.mark.parametrize("change", [-2, -1, 1, 2])
def test_a_wrong_length_is_refused_as_by_browsers(name, change):
    picture = webps()[name]
    size = int.from_bytes(picture[4:8], "little") + change
    assert refusal(picture[:4] + size.to_bytes(4, "little") + picture[8:])


def test_unknown_chunks_are_dropped():
    assert clean("webp", webps()["unknown"]) == webps()["alpha"]
    assert clean("webp", webps()["simple"]) == webps()["lossy"]


def test_invalid_chunks_are_refused():
    lossy, alpha, moving = (webps()[name] for name in ("lossy", "alpha", "moving"))
    header, frame = alpha[12:30], moving[moving.index(b"ANMF") :]
    pixels = lossy[12:]
    assert refusal(b"RIFX" + lossy[4:]) == "it does not begin like a WebP"
    assert refusal(lossy[:4] + b"\xff" + lossy[5:]) == "it ends too early"
    assert refusal(riff()) == refusal(riff(header)) == "it contains no picture"
    assert refusal(riff(pixels[:-2])) == "a WebP chunk has the wrong length"
    assert refusal(riff(pixels, b"EXIF")) == "it ends too early"
    assert refusal(riff(riff_chunk(b"ICCP", b"ab"), pixels)) == "its WebP header is invalid"
    assert refusal(riff(riff_chunk(b"VP8 ", bytes(10)))) == "its WebP pixel data is invalid"
    assert refusal(riff(alpha[12:], pixels)) == "the sequence of its WebP chunks is invalid"
    assert refusal(riff(alpha[12:], frame)) == "the sequence of its WebP chunks is invalid"
    assert (
        refusal(riff(header, riff_chunk(b"ALPH", b"ab"), riff_chunk(b"abcd", b"")))
        == "the sequence of its WebP chunks is invalid"
    )
    assert refusal(riff(moving[12:], pixels)) == "the sequence of its WebP chunks is invalid"
    assert (
        refusal(riff(alpha[12:24] + b"\1" + alpha[25:]))
        == "the size in its WebP header differs from the size of its pixel data"
    )
    assert (
        refusal(riff(moving[12:24] + b"\1" + moving[25:])) == "the size or the position of a frame is invalid"
    )
