"""In Chromium, renditions look like their pictures, with all kinds of colours."""

import base64
import io
import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from imagehost import imaging
from imagehost.domain.kinds import KINDS, kind_of_bytes
from tests import pictures
from tests.browser import chromium
from tests.formats.looking import clean
from tests.imaging import colours

CASES = Path(__file__).parent.parent / "cases"
SIZE = (400, 300)
MEAN, MOST = 2, 6
"""The maximum difference of the mean colours of cells, in levels of 255: on average, and of one cell."""
MOST_BRIGHT = 10
"""The same for HDR. These colours are so saturated that WebP, with a quarter of the colours, blurs them."""
CELLS = 12

SHOWN = """
async ([address, width, height]) => {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = new OffscreenCanvas(width || image.naturalWidth, height || image.naturalHeight);
    const context = canvas.getContext('2d', {willReadFrequently: true});
    context.imageSmoothingQuality = 'high';
    context.fillStyle = 'white';
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
    let text = '';
    for (let at = 0; at < pixels.length; at += 8192) {
        text += String.fromCharCode(...pixels.subarray(at, at + 8192));
    }
    return [canvas.width, canvas.height, btoa(text)];
}
"""


@pytest.fixture(scope="module")
def viewer() -> Iterator[Page]:
    with chromium.launched() as browser:
        yield browser.new_page()


def shown(viewer: Page, content: bytes, mime_type: str, size: tuple[int, int] = (0, 0)) -> np.ndarray:
    """Return Chromium's view of a picture on white, in a given size or its own."""
    address = f"data:{mime_type};base64,{base64.b64encode(content).decode()}"
    width, height, pixels = viewer.evaluate(SHOWN, [address, *size])
    return np.frombuffer(base64.b64decode(pixels), np.uint8).reshape(height, width, 4)[..., :3]


def cells(pixels: np.ndarray) -> np.ndarray:
    """Return the mean colours of 12 × 12 parts of a picture."""
    edges = [np.linspace(0, length, CELLS + 1).round().astype(int) for length in pixels.shape[:2]]
    rows = np.split(pixels.astype(float), edges[0][1:-1])
    return np.array([[cell.mean((0, 1)) for cell in np.split(row, edges[1][1:-1], axis=1)] for row in rows])


def check(viewer: Page, content: bytes, most: int = MOST, scaled: bool = True) -> None:
    kind = kind_of_bytes(content[:512])
    rendition = imaging.render_picture(io.BytesIO(content), kind, 320)
    with Image.open(io.BytesIO(rendition)) as made:
        size = made.size
        assert "icc_profile" not in made.info
    original = shown(viewer, content, KINDS[kind].mime_type, size if scaled else (0, 0))
    apart = np.abs(cells(shown(viewer, rendition, "image/webp")) - cells(original))
    assert apart.mean() <= MEAN
    assert apart.max() <= most


@cache
def photograph() -> Image.Image:
    return Image.frombytes("RGB", SIZE, pictures.photo(*SIZE).tobytes())


@cache
def picture() -> Image.Image:
    """Return a real photograph above a chart of saturated colours."""
    image = photograph().copy()
    hue, value = np.meshgrid(np.linspace(0, 255, SIZE[0]), np.linspace(255, 60, SIZE[1] // 3))
    chart = np.dstack([hue, np.full_like(hue, 255), value]).astype(np.uint8)
    image.paste(
        Image.frombytes("HSV", chart.shape[1::-1], chart.tobytes()).convert("RGB"), (0, SIZE[1] * 2 // 3)
    )
    return image


@cache
def light() -> Image.Image:
    return picture().convert("L")


def black_and_white() -> Image.Image:
    """Return the picture in black and white, twice as large as its rendition: few pixels mix to few greys."""
    return light().resize((640, 480)).convert("1")


def see_through(image: Image.Image) -> Image.Image:
    copy = image.copy()
    copy.putalpha(light().point(lambda value: min(255, 2 * value)))
    return copy


@cache
def ink() -> Image.Image:
    """Return the picture in four inks, with black that replaces half of the grey."""
    inks = np.asarray(picture().convert("CMYK")).copy()
    inks[..., 3] = inks[..., :3].min(-1) // 2
    return Image.frombytes("CMYK", SIZE, inks.tobytes())


SAVED = {
    "PNG": ("png", {"compress_level": 1}),
    "JPEG": ("jpg", {"quality": 92}),
    "WebP": ("webp", {"quality": 92, "method": 0}),
    "AVIF": ("avif", {"quality": 90, "speed": 9}),
}


def saved(image: Image.Image, name: str, profile: bytes = b"") -> bytes:
    kind, options = SAVED[name]
    return pictures.encode(image, kind, icc_profile=profile, **options)


def png(image: Image.Image, *chunks: bytes) -> bytes:
    plain = saved(image, "PNG")
    return plain[:33] + b"".join(chunks) + plain[33:]


def deep(image: Image.Image, *chunks: bytes) -> bytes:
    pixels = np.asarray(image).astype(np.uint16).reshape(*SIZE[::-1], -1) * 257
    return colours.deep_png(pixels, *chunks)


def numbered(primaries: int, transfer: int, image: Image.Image | None = None) -> bytes:
    """Return an AVIF whose colours are described by numbers."""
    plain = saved(image or picture(), "AVIF")
    at = plain.index(b"colrnclx") + 8
    return plain[:at] + struct.pack(">HH", primaries, transfer) + plain[at + 4 :]


RGB_PROFILES = {
    "P3": colours.rgb(colours.P3),
    "Adobe RGB": colours.rgb(colours.ADOBE, colours.gamma(2.2)),
    "ProPhoto": colours.rgb(colours.PROPHOTO, colours.gamma(1.8), version=colours.V4),
    "swapped colours": colours.rgb(tone=colours.gamma(1.8), swapped=True),
    "a table of 8 bits": colours.scanner(deep=False),
    "a table of 16 bits": colours.scanner(),
}
GREY_PROFILES = {
    "gamma 1": colours.grey(colours.gamma(1)),
    "gamma 1.8": colours.grey(colours.gamma(1.8)),
    "gamma 2.2": colours.grey(colours.gamma(2.2), version=colours.V4),
    "a dot gain": colours.grey(colours.curve(*(round(65535 * (n / 255) ** 1.5 * 0.9) for n in range(256)))),
    "the profile of a colour picture": colours.rgb(tone=colours.gamma(1.4), swapped=True),
    "a table for colours": colours.scanner(deep=False),
}
IGNORED = {
    "the profile of a press": colours.press(),
    "grey by way of Lab": colours.grey(colours.gamma(1.4), pcs=b"Lab "),
    "version 5": colours.rgb(tone=colours.gamma(1.4), version=0x05000000),
    "half a profile": colours.rgb(tone=colours.gamma(1.4))[:300],
    "no profile": colours.JUNK,
    "only a number": colours.profile(b"RGB ", {b"cicp": b"cicp\0\0\0\0\x09\x10\0\1"}),
}
LINEAR = colours.rgb(tone=colours.gamma(1))
CHUNKS = {
    "gAMA 1": [colours.gama(1)],
    "gAMA 1/1.8": [colours.gama(1 / 1.8)],
    "gAMA as usual": [colours.gama(0.45455)],
    "gAMA 0": [colours.gama(0)],
    "cHRM alone": [colours.chrm(*colours.P3)],
    "gAMA and cHRM": [colours.gama(1 / 1.8), colours.chrm(*colours.P3)],
    "gAMA and senseless cHRM": [colours.gama(1), colours.chrm((0, 0), (0, 0), (0, 0))],
    "sRGB before gAMA": [colours.SRGB_CHUNK, colours.gama(1)],
    "iCCP before sRGB": [colours.iccp(RGB_PROFILES["P3"]), colours.SRGB_CHUNK, colours.gama(1)],
    "gAMA for a broken iCCP": [colours.iccp(colours.JUNK), colours.gama(1)],
    "no gAMA for an iCCP of ink": [colours.iccp(colours.press()), colours.gama(1)],
    "cICP P3 before iCCP": [colours.cicp(12, 13), colours.iccp(LINEAR)],
    "cICP BT.709": [colours.cicp(1, 1)],
    "cICP BT.2020": [colours.cicp(9, 14)],
    "cICP unknown": [colours.cicp(2, 13), colours.gama(1)],
    "a number in iCCP": [
        colours.iccp(
            LINEAR.replace(b"cprt", b"cicp").replace(b"text\0\0\0\0none", b"cicp\0\0\0\0\x0c\x0d\0\1")
        )
    ],
}
NUMBERS = {
    "P3": (12, 13),
    "BT.2020": (9, 14),
    "linear": (1, 8),
    "HLG": (9, 18),
    "none": (2, 2),
}
ROWS = {
    **{
        f"{name} with {profile}": lambda name=name, data=data: saved(picture(), name, data)
        for name in SAVED
        for profile, data in {"none": b"", **RGB_PROFILES}.items()
    },
    **{
        f"{mode} with {profile}": lambda change=change, data=data: saved(change(), "PNG", data)
        for mode, change in {
            "RGBA": lambda: see_through(picture()),
            "palette": lambda: picture().quantize(200),
        }.items()
        for profile, data in RGB_PROFILES.items()
    },
    **{
        f"grey {name} with {profile}": lambda name=name, data=data: saved(light(), name, data)
        for name in ("PNG", "JPEG", "AVIF")
        for profile, data in GREY_PROFILES.items()
    },
    **{
        f"grey and alpha with {profile}": lambda data=data: saved(see_through(light()), "PNG", data)
        for profile, data in GREY_PROFILES.items()
    },
    **{
        f"{mode} of 16 bits with {profile}": lambda change=change, data=data: deep(
            change(), colours.iccp(data)
        )
        for mode, change in {"grey": light, "grey and alpha": lambda: see_through(light())}.items()
        for profile, data in {"none": colours.JUNK, **GREY_PROFILES}.items()
    },
    **{
        f"{mode} of 16 bits with {profile}": lambda change=change, data=data: deep(
            change(), colours.iccp(data)
        )
        for mode, change in {"RGB": picture, "RGBA": lambda: see_through(picture())}.items()
        for profile, data in {"none": colours.JUNK, "linear": LINEAR, "P3": RGB_PROFILES["P3"]}.items()
    },
    **{
        f"CMYK with {profile}": lambda data=data: saved(ink(), "JPEG", data)
        for profile, data in {
            "none": b"",
            "a table of 16 bits": colours.press(),
            "a table of 8 bits": colours.press(deep=False),
            "a colorimetric table": colours.press(tag=b"A2B1"),
            "the profile of a screen": LINEAR,
        }.items()
    },
    **{
        f"{name} with {profile}, ignored": lambda name=name, change=change, data=data: saved(
            change(), name, data
        )
        for name, change in {"PNG": picture, "JPEG": picture, "WebP": picture}.items()
        for profile, data in {**IGNORED, "a grey profile": GREY_PROFILES["gamma 1"]}.items()
    },
    **{
        f"grey PNG with {profile}, ignored": lambda data=data: saved(light(), "PNG", data)
        for profile, data in IGNORED.items()
    },
    **{
        f"{mode} with {name}": lambda change=change, chunks=chunks: png(change(), *chunks)
        for mode, change in {
            "RGB": picture,
            "grey": light,
            "palette": lambda: picture().quantize(200),
        }.items()
        for name, chunks in CHUNKS.items()
    },
    **{f"AVIF with number {name}": lambda pair=pair: numbered(*pair) for name, pair in NUMBERS.items()},
    "black and white with gAMA": lambda: png(black_and_white(), colours.gama(1)),
    "black and white with a table": lambda: saved(
        black_and_white(), "PNG", RGB_PROFILES["a table of 8 bits"]
    ),
    "a transparent colour of a palette": lambda: pictures.encode(
        picture().quantize(200), "png", icc_profile=RGB_PROFILES["swapped colours"], transparency=0
    ),
    "a transparent grey": lambda: pictures.encode(
        light(), "png", icc_profile=GREY_PROFILES["gamma 1.8"], transparency=255
    ),
}


@pytest.mark.parametrize("make", ROWS.values(), ids=ROWS)
def test_a_rendition_looks_like_its_picture(viewer, make):
    check(viewer, make())


@pytest.mark.parametrize("name", sorted(path.name for path in CASES.iterdir() if path.suffix != ".md"))
def test_a_rendition_looks_like_the_stored_case(viewer, name):
    """The pictures are not scaled down, since the cases are smaller than a thumbnail."""
    data = (CASES / name).read_bytes()
    check(viewer, clean(kind_of_bytes(data), data, pixels=100_000_000, animation_pixels=5_000_000_000))


PQ = colours.cicp(9, 16)
BRIGHT = {
    "RGB": lambda: png(photograph(), PQ),
    "grey": lambda: png(photograph().convert("L"), PQ),
    "palette": lambda: png(photograph().quantize(200), PQ),
    "of 4000 cd/m²": lambda: png(photograph(), PQ, colours.clli(4000)),
    "of 400 cd/m²": lambda: png(photograph(), PQ, colours.clli(400)),
    "HLG": lambda: png(photograph(), colours.cicp(9, 18)),
    "HLG of a palette": lambda: png(photograph().quantize(200), colours.cicp(9, 18)),
    "AVIF": lambda: numbered(9, 16, photograph()),
}


@pytest.mark.parametrize("make", BRIGHT.values(), ids=BRIGHT)
def test_a_rendition_looks_like_its_bright_picture(viewer, make):
    """Chromium scales these pictures before it dims them, unless they are shown in their own size."""
    check(viewer, make(), MOST_BRIGHT, scaled=False)
