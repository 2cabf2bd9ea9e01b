"""The parser of PNG files."""

import io
import random
import struct

import pytest
from PIL import Image

from imagehost import formats

from . import samples
from .looking import canvas, clean, looks_the_same, orientation, pieces
from .samples import announcing, bad_sum, before, chunk, pngs


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
        try:
            cleaned = clean("png", bytes(changed))
        except (formats.Malformed, formats.PixelLimit):
            continue
        # A chunk is dropped only if browsers ignore it in this state. An end marker is written again.
        assert set(chunks(cleaned)) < set(chunks(png)) or cleaned == png


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
        assert looks_the_same("png", data, cleaned)


def test_invalid_chunks_are_refused():
    png = pngs()["rgb"]
    header, end = chunks(png)[0], chunk(b"IEND")
    pixels = next(part for part in chunks(png) if part[4:8] == b"IDAT")
    start = png[:8] + header
    assert refusal(png[8:]) == "it does not begin like a PNG"
    assert refusal(start + end) == "it contains no picture"
    assert refusal(png[:8] + pixels + end) == "its PNG header is at the wrong position"
    assert refusal(start + header + pixels + end) == "its PNG header is at the wrong position"
    assert refusal(png[:8] + chunk(b"IHDR", header[8:20]) + end) == "its PNG header has the wrong length"
    assert (
        refusal(start + pixels + chunk(b"gAMA") + pixels + end) == "its PNG pixel chunks are not consecutive"
    )
    assert refusal(start + chunk(b"CgBI") + pixels + end) == "it contains an unknown PNG chunk"
    assert refusal(start + b"\x80\0\0\0tEXt") == "the header of a PNG chunk is invalid"
    assert refusal(start + chunk(b"t xt")) == "the header of a PNG chunk is invalid"
    assert refusal(start + chunk(b"PLTE", b"ab") + pixels + end) == "its PNG palette is invalid"
    assert refusal(start + chunk(b"cICP", b"\1\x0d\1\1") + pixels + end) == "its PNG colour space is invalid"
    assert (
        refusal(png.replace(header, chunk(b"IHDR", header[8:16] + b"\x08\5\0\0\0")))
        == "its PNG header is invalid"
    )
    assert (
        refusal(png.replace(header, chunk(b"IHDR", header[8:16] + b"\x08\3\0\0\0")))
        == "its PNG palette is missing"
    )
    assert (
        refusal(png.replace(header, chunk(b"IHDR", bytes(8) + header[16:21])))
        == "its width or its height is 0"
    )


@pytest.mark.parametrize("name", [b"IHDR", b"PLTE", b"IDAT", b"IEND", b"acTL", b"fcTL", b"fdAT"])
def test_a_wrong_checksum_of_a_needed_chunk_is_refused(name):
    png = pngs()["palette" if name == b"PLTE" else "moving"]
    order = chunks(png)
    for number, part in enumerate(order):
        if part[4:8] == name:
            wrong = png[:8] + b"".join([*order[:number], bad_sum(part), *order[number + 1 :]])
            assert refusal(wrong) == "the checksum of a PNG chunk is wrong"


GAMMA = struct.pack(">I", 45455)
SOUND = {
    b"pHYs": struct.pack(">IIB", 2835, 2835, 1),
    b"gAMA": GAMMA,
    b"cHRM": struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000),
    b"sRGB": b"\0",
    b"cICP": bytes((1, 13, 0, 1)),
    b"mDCV": bytes(24),
    b"cLLI": bytes(8),
    b"sBIT": bytes((8, 8, 8)),
    b"bKGD": bytes(6),
    b"tRNS": bytes(6),
    b"iCCP": samples.profile_chunk(b"sRGB", samples.PROFILE)[8:-4],
}


def with_chunks(*extra):
    return before(pngs()["bare"], b"IDAT", *extra)


@pytest.mark.parametrize(("name", "data"), SOUND.items())
def test_a_sound_chunk_is_kept_and_a_damaged_or_second_one_is_dropped(name, data):
    sound = with_chunks(chunk(name, data))
    assert clean("png", sound) is sound
    assert clean("png", with_chunks(bad_sum(chunk(name, data)), chunk(name, data))) == sound
    assert clean("png", with_chunks(chunk(name, data), chunk(name, data))) == sound
    assert clean("png", with_chunks(chunk(name), chunk(name, b""))) == pngs()["bare"]
    if name != b"iCCP":
        assert clean("png", with_chunks(chunk(name, data[:-1]), chunk(name, data))) == sound
        assert clean("png", with_chunks(chunk(name, data + bytes(300)), chunk(name, data))) == sound


@pytest.mark.parametrize(
    "name", [b"tEXt", b"zTXt", b"iTXt", b"tIME", b"eXIf", b"prVt", b"hIST", b"sPLT", b"iDOT"]
)
@pytest.mark.parametrize("place", [b"IDAT", b"IEND"])
def test_a_chunk_that_is_dropped_may_have_a_wrong_checksum(name, place):
    assert clean("png", before(pngs()["bare"], place, bad_sum(chunk(name, b"GEHEIM")))) == pngs()["bare"]


def test_a_profile_that_cannot_be_read_keeps_browsers_from_a_second_one():
    broken, sound = chunk(b"iCCP", b"name\0\0abc"), samples.profile_chunk(b"sRGB", samples.PROFILE)
    assert clean("png", with_chunks(broken, sound)) == pngs()["bare"]
    assert clean("png", with_chunks(bad_sum(broken), sound)) == with_chunks(sound)


@pytest.mark.parametrize(
    ("name", "data", "left"),
    [
        ("grey", b"\0\7", b"\0\7"),
        ("grey", b"\0\7\0", b"\0\7"),
        ("grey", b"\7", None),
        ("grey", b"\0\7" + bytes(255), None),
        ("bare", b"\0\1\0\2\0\3\0\0", b"\0\1\0\2\0\3"),
        ("deep", b"\1\2", b"\1\2"),
        ("deep", b"\1\2\0", None),
        ("rgba", bytes(6), None),
        ("bits", b"\0\1", b"\0\1"),
    ],
)
def test_only_the_bytes_of_a_transparent_colour_that_browsers_read_are_kept(name, data, left):
    extra = [] if left is None else [chunk(b"tRNS", left)]
    assert clean("png", before(pngs()[name], b"IDAT", chunk(b"tRNS", data))) == before(
        pngs()[name], b"IDAT", *extra
    )


def test_a_palette_has_no_more_transparency_than_colours():
    png = pngs()["palette"]
    opaque = b"".join([png[:8], *(part for part in chunks(png) if part[4:8] != b"tRNS")])
    assert clean("png", before(opaque, b"IDAT", chunk(b"tRNS", bytes(17)))) == before(
        opaque, b"IDAT", chunk(b"tRNS", bytes(16))
    )
    assert clean("png", before(opaque, b"PLTE", chunk(b"tRNS", bytes(16)))) == opaque


def turned(png):
    found = canvas()
    formats.clean_picture("png", io.BytesIO(png), found, io.BytesIO)
    return found.orientation


def test_the_first_valid_of_several_exif_chunks_is_used():
    def exif(orientation):
        return chunk(b"eXIf", samples.exif(orientation)[6:])

    for first, second in ((6, 3), (1, 6), (None, 6)):
        both = with_chunks(exif(first), exif(second))
        assert clean("png", both) == clean("png", with_chunks(exif(first)))
        assert turned(both) == (first or 1)
        late = before(with_chunks(exif(first)), b"IEND", exif(second))
        assert clean("png", late) == clean("png", with_chunks(exif(first)))
        assert turned(late) == (first or 1)
    assert turned(with_chunks(bad_sum(exif(3)), exif(6))) == 6
    assert turned(with_chunks(chunk(b"eXIf"), exif(6))) == 1
    assert turned(before(pngs()["bare"], b"IEND", exif(6))) == 1


def test_exif_that_begins_as_in_a_jpeg_does_not_turn_a_png():
    png = with_chunks(chunk(b"eXIf", samples.exif(6)))
    assert turned(png) == 1
    assert clean("png", png) == pngs()["bare"]


@pytest.mark.parametrize("name", ["bare", "palette", "rgba", "moving", "moving-default"])
@pytest.mark.parametrize(
    "rest",
    [
        *(samples.chunk(b"IEND")[:size] for size in range(12)),
        chunk(b"tEXt", b"GEHEIM")[:-1],
        chunk(b"tEXt", b"GEHEIM"),
        chunk(b"IEND")[:-4],
        bytes(40),
        b"PK\3\4 a ZIP archive",
    ],
)
def test_a_missing_end_marker_is_added_and_nothing_stays_behind_the_pixels(name, rest):
    whole, found = pngs()[name], canvas()
    file, report = formats.clean_picture("png", io.BytesIO(whole[:-12] + rest), found, io.BytesIO)
    assert file.getvalue() == whole
    assert found.end_missing
    assert report.added == {"end marker": 12}


def test_an_end_marker_with_data_is_replaced():
    found = canvas()
    file, _ = formats.clean_picture(
        "png", io.BytesIO(pngs()["bare"][:-12] + chunk(b"IEND", b"GEHEIM")), found, io.BytesIO
    )
    assert file.getvalue() == pngs()["bare"]
    assert not found.end_missing


@pytest.mark.parametrize("name", ["moving", "moving-default"])
def test_the_number_of_frames_is_corrected_if_it_is_too_large(name):
    moving = pngs()[name]
    (plain,) = [part for part in chunks(moving) if part[4:8] == b"acTL"]
    frames = int.from_bytes(plain[8:12], "big")
    for announced in (frames + 1, 1000, 0x7FFFFFFF):
        wrong = announcing(moving, announced)
        assert clean("png", wrong) == moving
        changes = [piece for piece in pieces("png", wrong) if not isinstance(piece, formats.Kept)]
        assert [piece.what for piece in changes] == ["number of frames"] * 2
        assert refusal(wrong[:-12]) == "it ends too early"
    opened = next(part for part in reversed(chunks(moving)) if part[4:8] == b"fcTL")
    sequence = sum(part[4:8] in {b"fcTL", b"fdAT"} for part in chunks(moving))
    dangling = chunk(b"fcTL", struct.pack(">I", sequence) + opened[12:-4])
    assert clean("png", announcing(before(moving, b"IEND", dangling), frames + 1)) == moving


def test_frames_that_are_never_shown_are_dropped_and_not_counted():
    moving, found = pngs()["fewer-frames"], canvas(animation_pixels=2 * 40 * 28)
    file, report = formats.clean_picture("png", io.BytesIO(moving), found, io.BytesIO)
    assert file.getvalue() == pngs()["two-frames"]
    assert report.dropped.keys() == {"hidden frame"}
    assert (found.frames, found.pixels) == (2, 2 * 40 * 28)


@pytest.mark.parametrize(
    "control", [b"", bytes(8), b"\0\0\0\3\0\0\0", b"\0\0\0\3" + bytes(5), b"\x80" + bytes(7)]
)
def test_an_animation_that_announces_nothing_sensible_is_a_still_picture(control):
    order = chunks(pngs()["moving"])
    at = [part[4:8] for part in order].index(b"acTL")
    still = [part for part in order if part[4:8] not in {b"acTL", b"fcTL", b"fdAT"}]
    for wrong in ([*order[:at], chunk(b"acTL", control), *order[at + 1 :]], [*order[:at], *order[at + 1 :]]):
        assert clean("png", pngs()["moving"][:8] + b"".join(wrong)) == pngs()["moving"][:8] + b"".join(still)


def test_an_animation_must_have_its_declared_chunks_in_order():
    parts = chunks(pngs()["moving"])
    names = [part[4:8] for part in parts]
    control, second, last = names.index(b"acTL"), names.index(b"fdAT") - 1, len(names) - 2

    def changed(*order):
        return pngs()["moving"][:8] + b"".join(order)

    assert (
        refusal(changed(*parts[: second + 1], *parts[second:]))
        == "the sequence of its animation chunks is invalid"
    )
    assert (
        refusal(changed(*parts[:second], *parts[second + 1 :]))
        == "the sequence of its animation chunks is invalid"
    )
    assert (
        refusal(changed(*parts[:last], parts[last - 1], parts[-1]))
        == "the sequence of its animation chunks is invalid"
    )
    frameless = [part for part in parts if part[4:8] not in {b"fcTL", b"fdAT"}]
    assert refusal(changed(*frameless)) == "its animation has no frames"
    assert clean("png", changed(*parts[: control + 1], *parts[control:])) == pngs()["moving"]
