"""Chromium shows the stored picture of an accepted damaged JPEG in the same way as the uploaded one.

Pillow cannot check this for all of them: it refuses some pictures that browsers repair as we do.
"""

import base64
import io
import random
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from imagehost import formats
from tests.formats import samples
from tests.formats.families import TOKENS
from tests.formats.looking import canvas, mutated

MUTATIONS = 40
JUNK = [b"some text", b"\0\0\0", b"\xff\0", b"\xff\xff\xff"]

SEEN = """
async (pictures) => {
    const look = async (encoded) => {
        const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
        const image = new Image();
        image.src = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
        try {
            await image.decode();
        } catch {
            return "nothing";
        }
        const area = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
        const context = area.getContext("2d");
        context.drawImage(image, 0, 0);
        const { data } = context.getImageData(0, 0, area.width, area.height);
        return `${area.width} ${area.height} ${data.reduce((sum, value) => (sum * 31 + value) % 1000003, 7)}`;
    };
    const seen = [];
    for (const [before, after] of pictures) seen.push([await look(before), await look(after)]);
    return seen;
}
"""


def changed(name: str) -> list[tuple[bytes, bytes]]:
    """Return changed pictures that are accepted without decoding a pixel, with their stored bytes."""
    some = random.Random(f"browser-{name}")
    found = []
    for _ in range(MUTATIONS):
        data = mutated(samples.jpegs()[name], some, TOKENS["jpg"] + JUNK)
        whole = canvas()
        try:
            file, _ = formats.clean_picture("jpg", io.BytesIO(data), whole, io.BytesIO)
        except (formats.Malformed, formats.PixelLimit, formats.WorkLimit):
            continue
        if file and not whole.end_missing:
            found.append((data, file.getvalue()))
    return found


@pytest.fixture(autouse=True)
def _empty_host() -> None:
    """Replace the fixture, since these tests need no host."""


@pytest.fixture(scope="module")
def blank_page(browser: Browser) -> Iterator[Page]:
    with browser.new_page() as page:
        yield page


@pytest.mark.parametrize("name", samples.jpegs())
def test_the_stored_picture_looks_like_the_uploaded_one(blank_page, name):
    pictures = [
        [base64.b64encode(content).decode() for content in pair]
        for pair in [*changed(name), (samples.jpegs()[name], samples.jpegs()[name])]
    ]
    for before, after in blank_page.evaluate(SEEN, pictures):
        assert before == after
    assert "nothing" not in blank_page.evaluate(SEEN, pictures[-1:])[0]
