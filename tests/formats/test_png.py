import io
import random

import pytest
from PIL import Image

from imagehost import formats

from . import samples
from .looking import clean, look, orientation
from .samples import before, chunk, pngs


def refusal(data):
    with pytest.raises(formats.Malformed) as caught:
        clean("png", data)
    return str(caught.value)


def chunks(png):
    at, found = 8, []
    while at < len(png):
        end = at + 12 + int.from_bytes(png[at : at + 4], "big")
        found.append(png[at:end])
        at = end
    return found


@pytest.mark.parametrize("turn", range(1, 9))
def test_orientation_survives_and_the_rest_of_exif_does_not(turn):
    cleaned = clean("png", samples.saved(samples.photo(), "PNG", exif=samples.exif(turn)))
    assert orientation(cleaned) == turn
    assert cleaned.count(b"eXIf") == (turn != 1)


@pytest.mark.parametrize("name", ["rich", "moving-rich"])
def test_every_kind_of_metadata_is_gone_and_the_profile_stays(name):
    png = pngs()[name]
    cleaned = clean("png", png)
    for trace in (b"tEXt", b"zTXt", b"iTXt", b"tIME", b"prVt"):
        assert trace in png
        assert trace not in cleaned
    with Image.open(io.BytesIO(cleaned)) as image:
        assert image.info["icc_profile"] == samples.PROFILE
        assert round(image.info["dpi"][0]) == 72


def test_every_changed_bit_is_noticed():
    png = pngs()["palette"]
    for at in range(len(png)):
        changed = bytearray(png)
        changed[at] ^= 1 << at % 8
        with pytest.raises((formats.Malformed, formats.PixelLimit)):
            clean("png", bytes(changed))


@pytest.mark.parametrize("name", ["rich", "moving", "moving-default", "palette"])
def test_shuffled_chunks_are_refused_or_look_the_same(name):
    chance = random.Random(name)
    extra = [
        chunk(b"tEXt", b"a\0b"),
        chunk(b"PLTE", bytes(3)),
        chunk(b"fdAT", bytes(4)),
        chunk(b"acTL", bytes(8)),
    ]
    for _ in range(200):
        order = chunks(pngs()[name])
        for _ in range(chance.choice((1, 2))):
            here, there = chance.randrange(len(order)), chance.randrange(len(order))
            change = chance.randrange(3)
            if change == 0:
                order[here], order[there] = order[there], order[here]
            elif change == 1:
                order.insert(here, chance.choice([order[there], *extra]))
            else:
                del order[here]
        data = samples.pngs()[name][:8] + b"".join(order)
        try:
            cleaned = clean("png", data)
        except formats.Malformed:
            continue
        assert look("png", cleaned) == look("png", data)


def test_what_has_no_place_in_a_png_is_refused():
    png = pngs()["rgb"]
    header, end = chunks(png)[0], chunk(b"IEND")
    pixels = next(part for part in chunks(png) if part[4:8] == b"IDAT")
    start = png[:8] + header
    assert refusal(png[8:]) == "it does not begin like a PNG"
    assert refusal(start + end) == "it holds no picture"
    assert refusal(png[:8] + pixels + end) == "its PNG header is not where it must be"
    assert refusal(start + header + pixels + end) == "its PNG header is not where it must be"
    assert refusal(png[:8] + chunk(b"IHDR", header[8:20]) + end) == "its PNG header has the wrong length"
    assert refusal(start + pixels + chunk(b"gAMA") + pixels + end) == "its PNG pixels are torn apart"
    assert refusal(start + chunk(b"CgBI") + pixels + end) == "it has a PNG chunk that nobody knows"
    assert refusal(start + pixels + chunk(b"IEND", b"x")) == "its PNG end marker has the wrong length"
    assert refusal(start + b"\x80\0\0\0tEXt") == "a PNG chunk has a broken header"
    assert refusal(start + chunk(b"t xt")) == "a PNG chunk has a broken header"
    assert refusal(start + chunk(b"PLTE", b"ab") + pixels + end) == "its PNG palette makes no sense"
    assert refusal(start + 2 * chunk(b"eXIf", b"ab") + pixels + end) == "it has two EXIF chunks"
    assert (
        refusal(png.replace(header, chunk(b"IHDR", header[8:16] + b"\x08\5\0\0\0")))
        == "its PNG header makes no sense"
    )
    assert (
        refusal(png.replace(header, chunk(b"IHDR", header[8:16] + b"\x08\3\0\0\0")))
        == "it lacks its PNG palette"
    )
    assert (
        refusal(png.replace(header, chunk(b"IHDR", bytes(8) + header[16:21])))
        == "it has no width or no height"
    )


def test_an_animation_holds_what_it_announces_in_order():
    parts = chunks(pngs()["moving"])
    names = [part[4:8] for part in parts]
    control, second, last = names.index(b"acTL"), names.index(b"fdAT") - 1, len(names) - 2

    def changed(*order):
        return pngs()["moving"][:8] + b"".join(order)

    assert refusal(changed(*parts[:control], *parts[control + 1 :])) == "its animation is out of order"
    assert refusal(changed(*parts[:second], parts[-1])) == "its animation lacks frames"
    assert refusal(changed(*parts[:last], parts[-1])) == "its animation lacks frames"
    assert refusal(changed(*parts[: second + 1], *parts[second:])) == "its animation is out of order"
    assert refusal(changed(*parts[: control + 1], *parts[control:])) == "its animation is out of order"
    assert refusal(before(pngs()["rgb"], b"IDAT", chunk(b"acTL", bytes(8)))) == "its animation lacks frames"
