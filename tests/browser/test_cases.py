"""Chromium shows a stored picture of tests/cases in the same way as the uploaded one."""

import base64
import io
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from imagehost import formats
from imagehost.domain import kinds
from tests.formats.families import EACH, TOKENS, sample
from tests.formats.looking import canvas, mutated, stored
from tests.formats.test_all import repaired

CASES = Path(__file__).parent.parent / "cases"
COMPARE = (Path(__file__).parent / "comparing.js").read_text()
WHOLE = "shows all of the original"
NO_END = "shows all of the original, but its decoder calls the last frame incomplete"
NO_LAST_ROWS = "does not show the last rows of the original"
STOPS = "stops at the damage"
# All these cases are accepted. The values describe how Chromium shows the original:
ORIGINALS = {
    "apng-announces-one-frame-more.png": WHOLE,
    "avif-major-brand-mif1.avif": WHOLE,
    "gif-no-trailer.gif": WHOLE,
    "gif-screen-recording-1280x720-120-frames.gif": WHOLE,
    "gif-zero-byte-between-frames.gif": STOPS,
    "jpeg-300-bytes-before-first-table.jpg": WHOLE,
    "jpeg-app14-without-its-marker.jpg": WHOLE,
    "jpeg-exif-pad-byte-not-zero.jpg": WHOLE,
    "jpeg-grey-with-grey-profile.jpg": WHOLE,
    "jpeg-jfif-of-seven-bytes.jpg": WHOLE,
    "jpeg-junk-between-last-mcu-and-eoi.jpg": WHOLE,
    "jpeg-no-eoi.jpg": NO_LAST_ROWS,
    "jpeg-samsung-panorama-no-eoi-then-trailer.jpg": NO_END,
    "jpeg-two-zero-bytes-after-exif.jpg": WHOLE,
    "jpeg-ultra-hdr-gain-map.jpg": WHOLE,
    "png-colour-profile-names-the-monitor.png": WHOLE,
    "png-colour-profile-over-1-mib.png": WHOLE,
    "png-no-iend.png": NO_END,
    "png-phys-of-eight-bytes.png": WHOLE,
    "png-text-with-wrong-crc.png": WHOLE,
    "png-two-exif.png": WHOLE,
}
MUTATIONS = 10

Compare = Callable[[str, bytes, bytes], dict[str, Any]]


@pytest.fixture(autouse=True)
def _empty_host() -> None:
    """Replace the fixture, since these tests need no host."""


@pytest.fixture(scope="module")
def compare(browser: Browser) -> Iterator[Compare]:
    """Return a function that compares two files in a page that may decode frame by frame."""
    with browser.new_page() as page:
        page.route("**/*", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
        page.goto("http://localhost/")

        def compared(kind: str, uploaded: bytes, kept: bytes) -> dict[str, Any]:
            files = [base64.b64encode(data).decode() for data in (uploaded, kept)]
            return page.evaluate(COMPARE, [*files, kinds.KINDS[kind].mime_type])

        yield compared


def cleaned(kind: str, data: bytes) -> bytes:
    found = canvas(100_000_000, 5_000_000_000, 100_000_000_000)
    file, _ = formats.clean_picture(kind, io.BytesIO(data), found, io.BytesIO)
    return data if file is None else file.getvalue()


def test_each_case_is_in_the_table():
    assert {path.name for path in CASES.iterdir()} - {"README.md"} == set(ORIGINALS)


@pytest.mark.parametrize("name", ORIGINALS)
def test_a_case_is_shown_as_its_original(compare, name):
    data = (CASES / name).read_bytes()
    kind = kinds.kind_of_bytes(data[: kinds.HEAD_SIZE])
    found = compare(kind, data, cleaned(kind, data))
    assert_the_same(found, ORIGINALS[name])


def assert_the_same(found: dict[str, Any], original: str) -> None:
    assert found["sizes"][0] == found["sizes"][1]
    assert found["sizes"][0] != [0, 0]
    assert found["most"] <= 1
    assert all(before == after for before, after in found["durations"])
    if original == STOPS:
        assert found["frames"][0] < found["frames"][1]
        return
    assert found["frames"][0] == found["frames"][1]
    assert found["loops"][0] == found["loops"][1]
    assert found["undecoded"] == (original in {NO_END, NO_LAST_ROWS})
    assert bool(found["missing"]) == (original == NO_LAST_ROWS)


def test_the_frame_behind_a_zero_is_that_of_a_file_without_it(compare):
    """Both cases contain the same two frames."""
    zero, sound = (
        cleaned("gif", (CASES / name).read_bytes())
        for name in ("gif-zero-byte-between-frames.gif", "gif-no-trailer.gif")
    )
    assert_the_same(compare("gif", sound, zero), WHOLE)


# Other formats have separate tests.
KINDS = {"png", "gif", "webp"}
LESS = {
    "no-end": NO_END,
    "moving-no-end": NO_END,
    "half-an-end": NO_END,
    "still-no-end": NO_END,
    "zeros": STOPS,
}


@pytest.mark.parametrize(("kind", "name"), [pair for pair in EACH if pair[0] in KINDS])
def test_a_sample_is_shown_as_its_original(compare, kind, name):
    data = sample(kind, name)
    found = compare(kind, data, stored(kind, data))
    assert_the_same(found, LESS.get(name, WHOLE))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_mutated_picture_is_shown_as_before(compare, kind):
    chance = random.Random(kind)
    count = 0
    for name in (name for each_kind, name in EACH if each_kind == kind):
        for _ in range(MUTATIONS):
            data = mutated(sample(kind, name), chance, TOKENS[kind])
            data = repaired(kind, data) if chance.random() < 0.9 else data
            left = stored(kind, data)
            if left in {None, data}:
                continue
            count += 1
            found = compare(kind, data, left)
            assert found["sizes"][0] == found["sizes"][1], data
            assert found["most"] <= 1, data
    assert count > 10
