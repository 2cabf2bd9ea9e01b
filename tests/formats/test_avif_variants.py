"""Our parser accepts the AVIF files that Chromium shows, and refuses the others."""

import io

import pytest

from imagehost import formats, imaging
from imagehost.domain.kinds import kind_of_bytes
from tests.browser.decoded import Decoded, decoder

from .avif_variants import not_shown, shown
from .looking import canvas, clean, look
from .samples import SECRET, avifs

AVIF = "image/avif"
ALL = avifs() | shown()


@pytest.fixture(scope="module")
def decode():
    with decoder() as running:
        yield running.look


def walked(data):
    found = canvas()
    formats.clean_picture("avif", io.BytesIO(data), found, io.BytesIO)
    return found


@pytest.mark.parametrize("name", ALL)
def test_a_cleaned_picture_looks_the_same_in_chromium_and_is_measured_as_there(name, decode):
    before = decode(ALL[name], AVIF)
    assert isinstance(before, Decoded)
    cleaned = clean("avif", ALL[name])
    assert decode(cleaned, AVIF) == before
    assert SECRET not in cleaned
    found = walked(ALL[name])
    size = (found.width, found.height)
    assert before.size == (size if found.orientation < 5 else size[::-1])
    assert len(before.frames) == found.frames


@pytest.mark.parametrize("name", not_shown())
def test_variants_that_chromium_does_not_show_are_refused(name, decode):
    data, reason = not_shown()[name]
    with pytest.raises(formats.Malformed) as caught:
        clean("avif", data)
    assert str(caught.value) == reason
    assert decode(data, AVIF) is None


@pytest.mark.parametrize("name", ["derived", "derived and turned", "miaf"])
def test_variants_that_only_pillow_cannot_open_are_accepted(name):
    data = shown()[name]
    assert look("avif", data) is None
    rules = imaging.Rules(("avif",), formats.Limits(), keep_metadata=False)
    admitted = imaging.admit(io.BytesIO(data), rules, io.BytesIO, imaging.Renderer().prove)
    assert (admitted.facts.width, admitted.facts.height) == (40, 28)
    assert admitted.facts.orientation == (5 if name == "derived and turned" else 1)


@pytest.mark.parametrize("name", ALL)
def test_all_of_them_are_recognised(name):
    assert kind_of_bytes(ALL[name][:512]) == "avif"


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"hevc", b"heim", b"heis", b"hevx", b"mif1", b"msf1"])
def test_pictures_in_the_same_boxes_are_not_taken_for_avif(brand):
    assert kind_of_bytes(b"\0\0\0\x18ftyp" + brand + bytes(4) + b"mif1" + brand) is None
