"""What holds for every kind of picture."""

import io
import random
import zlib

import pytest

from imagehost import formats
from imagehost.kinds import KINDS

from .families import EACH, TOKENS, sample
from .looking import canvas, clean, look, mutated, pieces
from .samples import SECRET

MUTATIONS = 150

each = pytest.mark.parametrize(("kind", "name"), EACH, ids=[f"{kind}-{name}" for kind, name in EACH])


def walked(kind, data):
    found = canvas()
    formats.clean(kind, io.BytesIO(data), found, io.BytesIO)
    return found


def let_through(kind, data):
    """Clean a file that may be anything: None where it is refused."""
    try:
        return clean(kind, data)
    except (formats.Malformed, formats.PixelLimit, formats.WorkLimit):
        return None


def repaired(kind, data):
    """Give a changed file sums and length that fit, so that more than the first of them is tested."""
    if kind == "webp":
        return data[:4] + (max(len(data), 8) - 8).to_bytes(4, "little") + data[8:]
    return with_sums(data) if kind == "png" else data


def with_sums(png):
    at, data = 8, bytearray(png)
    while at + 12 <= len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4], "big")
        data[end : end + 4] = (
            zlib.crc32(data[at + 4 : end]).to_bytes(4, "big") if end + 4 <= len(data) else b""
        )
        at = end + 4
    return bytes(data)


@each
def test_what_is_seen_stays_and_what_is_secret_goes(kind, name):
    data = sample(kind, name)
    cleaned = clean(kind, data)
    assert look(kind, data) is not None
    assert look(kind, cleaned) == look(kind, data)
    assert SECRET not in cleaned


@each
def test_a_clean_picture_is_left_alone(kind, name):
    cleaned = clean(kind, sample(kind, name))
    assert clean(kind, cleaned) is cleaned


@each
def test_the_stored_file_differs_in_nothing_but_what_is_reported(kind, name):
    data = sample(kind, name)
    dropped = [piece for piece in pieces(kind, data) if not isinstance(piece, formats.Kept)]
    assert bool(dropped) == (clean(kind, data) is not data)
    assert all(piece.what for piece in dropped)


@each
def test_size_and_frames_are_those_that_pillow_tells(kind, name):
    found = walked(kind, sample(kind, name))
    frames = look(kind, sample(kind, name))
    assert ((found.width, found.height), found.frames) == (frames[0][0], len(frames))


@each
def test_a_picture_that_is_cut_anywhere_is_refused(kind, name):
    data = clean(kind, sample(kind, name))
    for size in range(len(data)):
        with pytest.raises(formats.Malformed):
            walked(kind, data[:size])


@each
def test_bytes_after_the_end_are_dropped(kind, name):
    cleaned = clean(kind, sample(kind, name))
    assert clean(kind, cleaned + b"PK\3\4 a ZIP archive") == cleaned
    assert walked(kind, cleaned + b"PK\3\4 a ZIP archive").frames


@each
def test_a_mutated_picture_is_refused_or_looks_the_same(kind, name):
    chance = random.Random(f"{kind}-{name}")
    for _ in range(MUTATIONS):
        data = mutated(sample(kind, name), chance, TOKENS[kind])
        if chance.random() < 0.9:
            data = repaired(kind, data)
        cleaned = let_through(kind, data)
        if cleaned is not None and cleaned is not data:
            before = look(kind, data)
            # Pillow refuses some pictures for nothing but their metadata.
            assert before == look(kind, cleaned) or (before is None and kind in {"png", "avif"})
            assert clean(kind, cleaned) is cleaned


@pytest.mark.parametrize("kind", KINDS)
def test_noise_is_refused(kind):
    chance = random.Random(kind)
    starts = [sample(each_kind, name)[:12] for each_kind, name in EACH if each_kind == kind]
    for size in range(600):
        assert let_through(kind, chance.choice(starts) + chance.randbytes(size)) is None
        assert let_through(kind, chance.randbytes(size)) is None
