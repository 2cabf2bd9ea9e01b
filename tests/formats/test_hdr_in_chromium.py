"""Chromium shows HDR pictures on an HDR screen in the same way before and after their metadata is dropped."""

import base64
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.browser import chromium
from tests.formats import gain_maps
from tests.formats.looking import clean
from tests.formats.test_gain_maps import NO_MAPS

CASE = Path(__file__).parents[1] / "cases" / "jpeg-ultra-hdr-gain-map.jpg"
PICTURES = {name: make() for name, make in gain_maps.KINDS.items()} | {"the case": CASE.read_bytes()}
SAME, OTHER = 1, 10
"""The maximum difference of equal screenshots, and the minimum difference of others, in levels of 255."""

Shown = Callable[[bytes], np.ndarray]


@pytest.fixture(scope="module")
def shown() -> Iterator[Shown]:
    """Return a function that takes screenshots of pictures on an HDR screen."""
    with chromium.launched("--force-color-profile=hdr10") as browser:
        page = browser.new_page(viewport={"width": 200, "height": 160})

        def show(content: bytes) -> np.ndarray:
            address = f"data:image/jpeg;base64,{base64.b64encode(content).decode()}"
            page.set_content(f'<img src="{address}">')
            page.evaluate("document.images[0].decode()")
            screenshot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            return np.asarray(screenshot, dtype=int)

        yield show


def difference(one: np.ndarray, other: np.ndarray) -> int:
    return int(np.abs(one - other).max())


@pytest.mark.parametrize("content", PICTURES.values(), ids=PICTURES)
def test_hdr_stays_hdr(shown, content):
    cleaned = clean("jpg", content)
    with_map = shown(content)
    assert difference(with_map, shown(cleaned)) <= SAME
    (_, size), _ = gain_maps.places(cleaned)
    assert difference(with_map, shown(cleaned[:size])) >= OTHER, "the map makes no difference"


@pytest.mark.parametrize("content", NO_MAPS.values(), ids=NO_MAPS)
def test_a_map_is_dropped_only_where_it_is_not_shown(shown, content):
    assert difference(shown(content), shown(clean("jpg", content))) <= SAME
