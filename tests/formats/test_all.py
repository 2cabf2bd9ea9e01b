"""Properties that hold for every kind of picture."""

import io
import random
import zlib

import pytest

from imagehost import formats
from imagehost.domain.kinds import KINDS

from . import samples
from .families import DAMAGED, EACH, TOKENS, sample, sound
from .looking import canvas, clean, look, looks_the_same, mutated, pieces, stored
from .samples import SECRET

MUTATIONS = 150
ENDS = {"jpg": b"\xff\xd9", "png": samples.chunk(b"IEND"), "gif": b";"}


def named(pairs):
    return pytest.mark.parametrize(("kind", "name"), pairs, ids=[f"{kind}-{name}" for kind, name in pairs])


each, damaged = named(EACH), named(DAMAGED)
undamaged = named([pair for pair in EACH if pair not in DAMAGED])


def walked(kind, data):
    found = canvas()
    formats.clean_picture(kind, io.BytesIO(data), found, io.BytesIO)
    return found


def repaired(kind, data):
    """Correct the checksums and the length of a changed file, so that later checks are tested too."""
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
def test_visible_parts_are_kept_and_private_data_is_dropped(kind, name):
    cleaned = stored(kind, sample(kind, name))
    assert look(kind, sound(kind, name)) is not None
    assert look(kind, cleaned) == look(kind, sound(kind, name))
    assert SECRET not in cleaned


@damaged
def test_a_damaged_picture_is_stored_like_a_sound_one(kind, name):
    assert sample(kind, name) != sound(kind, name)
    assert stored(kind, sample(kind, name)) == clean(kind, sound(kind, name))


@each
def test_a_clean_picture_is_left_alone(kind, name):
    cleaned = clean(kind, sample(kind, name))
    assert clean(kind, cleaned) is cleaned


@each
def test_the_stored_file_differs_only_in_the_reported_parts(kind, name):
    data = sample(kind, name)
    dropped = [piece for piece in pieces(kind, data) if not isinstance(piece, formats.Kept)]
    assert bool(dropped) == (clean(kind, data) is not data)
    assert all(piece.what for piece in dropped)


@each
def test_size_and_frames_are_the_same_as_in_pillow(kind, name):
    found = walked(kind, sample(kind, name))
    frames = look(kind, sound(kind, name))
    assert ((found.width, found.height), found.frames) == (frames[0][0], len(frames))


@undamaged
def test_a_picture_that_is_cut_anywhere_is_refused_unless_only_its_end_is_missing(kind, name):
    data = clean(kind, sample(kind, name))
    seen = look(kind, data)
    if kind in ENDS:
        assert look(kind, stored(kind, data.removesuffix(ENDS[kind]))) == seen
    for size in range(len(data)):
        left = stored(kind, data[:size])
        if left is not None:
            assert data.startswith(left[: -len(ENDS[kind])])
            frames = look(kind, left)
            # A GIF that is cut after a complete frame cannot be distinguished from one without a trailer.
            assert frames == (seen[: len(frames)] if kind == "gif" else seen)
            assert kind != "gif" or len(frames) == len(seen) or data[size : size + 1] in {b"!", b",", b"\0"}


@undamaged
def test_bytes_after_the_end_are_dropped(kind, name):
    cleaned = clean(kind, sample(kind, name))
    assert clean(kind, cleaned + b"PK\3\4 a ZIP archive") == cleaned
    assert walked(kind, cleaned + b"PK\3\4 a ZIP archive").frames


@each
def test_a_mutated_picture_is_refused_or_looks_the_same(kind, name):
    chance = random.Random(f"{kind}-{name}")
    # Damaged samples need no further change.
    for _ in range(MUTATIONS // 3 if (kind, name) in DAMAGED else MUTATIONS):
        data = mutated(sample(kind, name), chance, TOKENS[kind])
        if chance.random() < 0.9:
            data = repaired(kind, data)
        cleaned = stored(kind, data)
        if cleaned is not None and cleaned is not data:
            assert looks_the_same(kind, data, cleaned), data
            assert clean(kind, cleaned) is cleaned


@pytest.mark.parametrize("kind", KINDS)
def test_noise_is_refused(kind):
    chance = random.Random(kind)
    starts = [sample(each_kind, name)[:12] for each_kind, name in EACH if each_kind == kind]
    for size in range(600):
        assert stored(kind, chance.choice(starts) + chance.randbytes(size)) is None
        assert stored(kind, chance.randbytes(size)) is None
