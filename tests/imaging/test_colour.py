"""Colours of renditions, as far as Pillow can check them. test_renditions_in_chromium.py uses Chromium."""

import io
import random

import pytest
from PIL import Image

from imagehost import imaging
from imagehost.imaging import colour, colour_information, profiles
from tests import pictures
from tests.imaging import colours

PROFILES = {
    "a matrix": colours.rgb(colours.P3),
    "a table": colours.scanner(deep=False),
    "grey": colours.grey(colours.curve(0, 20000, 65535)),
    "ink": colours.press(),
}


def conversion(
    image: Image.Image, told: colour_information.ColourInformation | None = None
) -> colour.Conversion | None:
    return colour.conversion(image, told or colour_information.ColourInformation())


def with_profile(profile: bytes, mode: str = "RGB") -> Image.Image:
    image = pictures.photo(60, 40).convert(mode)
    image.info["icc_profile"] = profile
    return image


def test_a_picture_in_srgb_is_left_as_it_is():
    assert conversion(with_profile(b"")) is None
    assert conversion(with_profile(colours.rgb())) is None
    assert conversion(with_profile(colours.grey(colours.SRGB), "L")) is None


def test_the_colours_of_phones_are_not_curved():
    assert not conversion(with_profile(colours.rgb(colours.P3))).curved
    assert not conversion(with_profile(colours.rgb(colours.ADOBE, colours.gamma(2.2)))).curved
    assert conversion(with_profile(colours.rgb(tone=colours.gamma(1)))).curved


def test_transparency_is_left_alone():
    image = with_profile(colours.rgb(colours.P3)).convert("RGBA")
    image.putalpha(pictures.photo(60, 40).convert("L"))
    made = conversion(with_profile(colours.rgb(colours.P3), "RGBA")).act(image)
    assert made.getchannel("A").tobytes() == image.getchannel("A").tobytes()
    assert made.getchannel("R").tobytes() != image.getchannel("R").tobytes()


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_broken_profiles_are_ignored_or_used_but_never_fail(profile):
    some = random.Random(1)
    for _ in range(150):
        broken = bytearray(profile)
        for _ in range(some.randrange(1, 6)):
            broken[some.randrange(min(len(broken), 600))] = some.choice((0, 1, 2, 127, 128, 255))
        data = bytes(broken[: some.choice((len(broken), some.randrange(len(broken))))])
        for mode in ("RGB", "L", "CMYK"):
            found = conversion(with_profile(data, mode))
            assert found is None or found.act(Image.new("RGB", (2, 2))).mode == "RGB"


@pytest.mark.parametrize("value", [0, 0.00001, 0.3, 1, 100, 40000])
def test_no_gamma_fails(value):
    chunks = [colours.gama(value), colours.chrm((0.64, 0.33), (0.3, 0.6), (0.15, 0))]
    for count in (1, 2):
        plain = pictures.png()
        content = plain[:33] + b"".join(chunks[:count]) + plain[33:]
        assert imaging.render_picture(io.BytesIO(content), "png", 320)


def test_tags_that_lie_upon_each_other_take_no_memory():
    data = bytearray(colours.profile(b"RGB ", {f"t{number:03}".encode(): b"" for number in range(90)}))
    for number in range(92):
        data[136 + 12 * number : 144 + 12 * number] = bytes(4) + len(data).to_bytes(4)
    assert all(isinstance(tag, memoryview) for tag in profiles.read_profile(bytes(data)).tags.values())
