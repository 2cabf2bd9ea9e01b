"""Gain maps in AVIF files."""

import base64
import io

from PIL import Image, ImageChops
from playwright.sync_api import Page

from tests.browser import chromium

from .avif_building import exif_item, nclx, picture, still, xmp_item
from .avif_variants import colour
from .looking import clean
from .samples import SECRET, XMP, exif, gain_map


def screenshot(page: Page, content: bytes) -> Image.Image:
    page.set_content(f'<img src="data:image/avif;base64,{base64.b64encode(content).decode()}">')
    page.evaluate("document.querySelector('img').decode()")
    with Image.open(io.BytesIO(page.locator("img").screenshot())) as image:
        return image.convert("RGB")


def levels(one: Image.Image, other: Image.Image) -> int:
    """Return the maximum difference of two pictures in levels."""
    return max(most for _, most in ImageChops.difference(one, other).getextrema())


def test_a_gain_map_still_brightens_its_picture_when_its_metadata_are_gone():
    data = gain_map(exif_item(exif()[6:], of=3), exif_item(exif()[6:], of=2), xmp_item(XMP))
    cleaned = clean("avif", data)
    assert SECRET not in cleaned
    with chromium.launched("--force-color-profile=hdr10") as browser:
        page = browser.new_page()
        bright, left = screenshot(page, data), screenshot(page, cleaned)
        plain = screenshot(page, still([picture(colour(), nclx())]))
    assert levels(bright, left) == 0
    assert levels(bright, plain) > 6
