"""Pictures without end marker are complete or not, and bytes after their pixels are detected."""

import io
import random
import re

import numpy as np
import pytest
from PIL import Image

from imagehost.formats import Malformed
from imagehost.imaging import proving
from tests import pictures

EOI = b"\xff\xd9"
SCAN = re.compile(rb"\xff[\xda\xd0-\xd7]")


def photo(mode: str = "RGB", **options: object) -> bytes:
    return pictures.encode(pictures.photo(160, 120).convert(mode), "jpg", quality=85, **options)


JPEGS = {
    "baseline": photo(),
    "grey": photo("L"),
    "CMYK": photo("CMYK"),
    "progressive": photo(progressive=True),
    "progressive grey": photo("L", progressive=True),
    "with restarts": photo(restart_marker_blocks=7),
    "a restart each block": photo("L", restart_marker_blocks=1),
    "progressive with restarts": photo(progressive=True, restart_marker_rows=1),
    "without subsampling": photo(subsampling=0, optimize=True),
    "of one colour": pictures.encode(Image.new("RGB", (160, 120), "teal"), "jpg"),
}
EACH = pytest.mark.parametrize("content", JPEGS.values(), ids=JPEGS)


def proven(content: bytes) -> int:
    """Return the number of bytes after the pixels of a picture whose end marker was replaced."""
    return proving.prove_picture("jpg", io.BytesIO(content + EOI))


def without_end(content: bytes) -> bytes:
    assert content.endswith(EOI)
    return content[:-2]


@EACH
def test_a_complete_scan_is_accepted_unchanged(content):
    assert proven(without_end(content)) == 0


def shown(content: bytes) -> bytes:
    with Image.open(io.BytesIO(content + EOI)) as image:
        return image.convert("RGB").tobytes()


@EACH
def test_every_cut_that_loses_pixels_is_refused(content):
    body = without_end(content)
    last = body.rfind(b"\xff\xda")
    cuts = {len(body) - number for number in range(1, 12)}
    # Right before and after markers, where a decoder is in a special state.
    cuts |= {match.start() + more for match in SCAN.finditer(body, last + 14) for more in (0, 1, 2)}
    cuts |= {random.Random(1).randrange(last + 14, len(body)) for _ in range(12)}
    for cut in sorted(cuts)[-40:]:
        try:
            rest = proven(body[:cut])
        except Malformed:
            continue
        # The removed bytes contain no pixel, for example a last restart marker without data.
        assert shown(body[: cut - rest]) == shown(body), cut


@pytest.mark.parametrize("name", ["baseline", "progressive", "grey", "with restarts"])
@pytest.mark.parametrize("junk", ["text", "random", "zeros"])
def test_exactly_the_bytes_after_the_pixels_are_found(name, junk):
    some = random.Random(1)
    trailer = {
        "text": b"Serial number 12345, at home: 52.5 N, 13.4 E" * 20,
        "random": bytes(some.randrange(255) for _ in range(3000)),
        "zeros": bytes(1000),
    }[junk]
    assert proven(without_end(JPEGS[name]) + trailer) == len(trailer)


def test_a_picture_whose_header_is_broken_is_refused():
    with pytest.raises(Malformed, match="it ends too early"):
        proven(JPEGS["baseline"][:100])


@pytest.mark.parametrize("frames", [2, 5])
def test_the_last_frame_of_a_gif_is_taken_with_its_palette_and_place(frames):
    content = gif(frames)
    with Image.open(io.BytesIO(proving.last_frame(content))) as last, Image.open(io.BytesIO(content)) as all_:
        all_.seek(frames - 1)
        assert (last.n_frames, last.size) == (1, all_.size)
        single, shown = (np.asarray(image.convert("RGBA")) for image in (last, all_))
        changed = single[..., 3] > 0
        assert changed.any()
        assert (single[changed] == shown[changed]).all()


def gif(frames: int) -> bytes:
    images = [pictures.photo(60, 40).rotate(20 * number).quantize(32) for number in range(frames)]
    return pictures.encode(images[0], "gif", save_all=True, append_images=images[1:], duration=50)


@pytest.mark.parametrize("frames", [1, 3])
def test_a_gif_with_all_frames_is_accepted(frames):
    assert proving.prove_picture("gif", io.BytesIO(gif(frames))) == 0


@pytest.mark.parametrize("frames", [1, 3])
def test_a_gif_whose_last_frame_lacks_pixels_is_refused(frames):
    content = gif(frames)
    single = proving.last_frame(content)
    position = 13 + proving.colours(single[10])
    if single[position] != proving.GIF_IMAGE:
        position += 8
    position += 11 + proving.colours(single[position + 9])
    while single[position + single[position] + 1]:
        position += single[position] + 1
    # The last block of the last frame is removed; an empty block and the trailer remain.
    cut = content[: position - len(single)] + b"\0;"
    with pytest.raises(Malformed, match="it ends too early"):
        proving.prove_picture("gif", io.BytesIO(cut))
