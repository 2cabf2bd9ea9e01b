"""Renditions are small, upright and have the right colours for every stored picture."""

import io
import random
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageDraw, ImageOps

from imagehost import formats, imaging
from imagehost.settings.reader import ROOT
from tests import pictures
from tests.formats import samples
from tests.imaging import colours


def rendered(content: bytes, kind: str, side: int) -> Image.Image:
    made = Image.open(io.BytesIO(imaging.render_picture(io.BytesIO(content), kind, side)))
    made.load()
    assert made.format == "WEBP"
    return made


def thumbnail(content: bytes, kind: str) -> Image.Image:
    return rendered(content, kind, 320)


def difference(one: Image.Image, other: Image.Image, mode: str = "RGB") -> float:
    """Return the mean difference of two pictures of the same size, in levels of 255."""
    first, second = (np.asarray(image.convert(mode), dtype=float) for image in (one, other))
    assert first.shape == second.shape
    return float(np.abs(first - second).mean())


def scaled(image: Image.Image, side: int = 320) -> Image.Image:
    copy = image.copy()
    copy.thumbnail((side, side))
    return copy


SIZES = {
    (640, 427): (320, 214),
    (427, 640): (214, 320),
    (320, 320): (320, 320),
    (321, 10): (320, 10),
    (100, 50): (100, 50),
    (1, 1): (1, 1),
    (3000, 2): (320, 1),
}


@pytest.mark.parametrize("kind", pictures.MAKE)
@pytest.mark.parametrize(("size", "expected"), SIZES.items())
def test_a_thumbnail_is_small_and_never_enlarged(kind, size, expected):
    made = thumbnail(pictures.MAKE[kind](*size), kind)
    assert made.size == imaging.rendered_size(*size, 320) == expected


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
@pytest.mark.parametrize("size", [(3000, 2000), (1300, 639), (639, 1300), (5000, 700), (1281, 961)], ids=str)
def test_a_large_picture_keeps_its_proportions(mode, size):
    made = thumbnail(pictures.encode(Image.new(mode, size), "png"), "png")
    assert made.size == imaging.rendered_size(*size, 320) == scaled(Image.new("1", size)).size


def test_a_circle_stays_round_where_it_is_scaled_in_two_steps():
    image = Image.new("RGBA", (3000, 2000), "white")
    ImageDraw.Draw(image).ellipse((500, 200, 2100, 1800), fill="black")
    assert difference(thumbnail(pictures.encode(image, "png"), "png"), scaled(image)) < 2


@pytest.mark.parametrize(("side", "longest", "number"), [(320, 1500, 2000), (1280, 3000, 100)])
def test_sizes_are_rounded_as_pillow_does(side, longest, number):
    some = random.Random(1)
    for _ in range(number):
        size = some.randrange(1, longest), some.randrange(1, longest)
        assert imaging.rendered_size(*size, side) == scaled(Image.new("1", size), side).size


# Sizes at every fraction that libjpeg can decode to, and with one pixel more or less.
ODD = [(1281, 961), (1923, 1081), (1919, 3), (5, 4001), (3841, 2559), (7681, 4319), (10243, 77), (20483, 31)]


@pytest.mark.parametrize("size", ODD, ids=str)
def test_a_photograph_keeps_its_proportions_at_every_fraction(size):
    made = rendered(pictures.encode(Image.new("RGB", size), "jpg"), "jpg", 1280)
    assert made.size == imaging.rendered_size(*size, 1280)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("size", [(1300, 900), (2000, 3000), (4001, 2667), (6001, 3999)], ids=str)
def test_a_photograph_looks_the_same_at_every_fraction(mode, size):
    content = pictures.encode(pictures.photo(*size).convert(mode), "jpg", quality=90)
    with Image.open(io.BytesIO(content)) as whole:
        expected = scaled(whole.convert("RGB"), 1280)
    assert difference(rendered(content, "jpg", 1280), expected) < 3


@pytest.mark.parametrize("kind", ["jpg", "png", "avif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_turned_upright(kind, orientation):
    image = pictures.photo(600, 400)
    ImageDraw.Draw(image).rectangle((0, 0, 150, 100), fill="red")
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = pictures.encode(image, kind, exif=exif)
    expected = scaled(ImageOps.exif_transpose(Image.open(io.BytesIO(content))))
    made = thumbnail(content, kind)
    assert made.size == expected.size == ((320, 213) if orientation < 5 else (213, 320))
    assert difference(made, expected) < 6
    assert made.getexif().get(0x0112, 1) == 1


def test_a_webp_is_not_turned_as_no_browser_turns_it():
    content = samples.saved(samples.photo(), "WEBP", exif=samples.exif(6))
    assert difference(thumbnail(content, "webp"), Image.open(io.BytesIO(content))) < 6


def test_the_first_frame_is_shown():
    frames = [Image.new("RGB", (50, 40), colour) for colour in ("red", "green", "blue")]
    content = pictures.encode(frames[0], "gif", save_all=True, append_images=frames[1:], duration=80)
    made = thumbnail(content, "gif")
    assert difference(made, frames[0]) < 6
    assert not getattr(made, "is_animated", False)


def see_through(mode: str) -> Image.Image:
    image = Image.new("RGBA", (100, 60), (0, 0, 0, 0))
    ImageDraw.Draw(image).rectangle((50, 0, 99, 59), fill=(200, 30, 30, 255))
    return image if mode == "RGBA" else image.convert(mode)


TRANSPARENT = {
    "RGBA": ("png", see_through("RGBA"), {}),
    "LA": ("png", see_through("LA"), {}),
    "a palette": ("png", see_through("RGBA").quantize(8), {}),
    "a GIF": ("gif", see_through("RGBA"), {}),
    "WebP": ("webp", see_through("RGBA"), {"lossless": True}),
    "a colour of RGB": ("png", see_through("RGBA").convert("RGB"), {"transparency": (0, 0, 0)}),
    "a grey": ("png", see_through("RGBA").convert("L"), {"transparency": 0}),
}


@pytest.mark.parametrize(("kind", "image", "options"), TRANSPARENT.values(), ids=TRANSPARENT)
def test_transparency_is_kept(kind, image, options):
    made = thumbnail(pictures.encode(image, kind, **options), kind)
    assert made.mode == "RGBA"
    assert made.getpixel((10, 30))[3] == 0
    assert made.getpixel((90, 30))[3] == 255


MODES = {
    "palette": ("png", pictures.photo().quantize(256)),
    "black and white": ("png", pictures.photo().convert("1")),
    "grey": ("png", pictures.photo().convert("L")),
    "grey JPEG": ("jpg", pictures.photo().convert("L")),
    "CMYK": ("jpg", pictures.photo().convert("CMYK")),
    "palette of a GIF": ("gif", pictures.photo().quantize(64)),
}


@pytest.mark.parametrize(("kind", "image"), MODES.values(), ids=MODES)
def test_colours_are_right_in_every_mode(kind, image):
    content = pictures.encode(image, kind)
    made = thumbnail(content, kind)
    assert made.mode == "RGB"
    assert difference(made, scaled(Image.open(io.BytesIO(content)).convert("RGB"))) < 8


@pytest.mark.parametrize("transparent", [False, True])
def test_16_bits_of_grey_are_as_bright_as_8(transparent):
    grey = np.asarray(pictures.photo(300, 200).convert("L"))
    options = {"transparency": 65535} if transparent else {}
    made = thumbnail(pictures.encode(Image.fromarray(grey.astype(np.uint16) * 257), "png", **options), "png")
    assert difference(made, Image.fromarray(grey), "L") < 4


PROFILED = {
    "sRGB": ("jpg", pictures.photo(), ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()),
    "P3": ("jpg", pictures.photo(), colours.rgb(colours.P3)),
    "a palette": ("png", pictures.photo().quantize(64), colours.rgb(colours.P3)),
    "grey": ("png", pictures.photo().convert("L"), colours.grey(colours.gamma(1.8))),
    "ink": ("jpg", pictures.photo().convert("CMYK"), colours.press(deep=False)),
    "a broken profile": ("jpg", pictures.photo(), colours.JUNK),
}


@pytest.mark.parametrize(("kind", "image", "profile"), PROFILED.values(), ids=PROFILED)
def test_no_colour_profile_is_kept(kind, image, profile):
    made = thumbnail(pictures.encode(image, kind, icc_profile=profile), kind)
    assert "icc_profile" not in made.info


def test_a_profile_that_is_large_when_inflated_adds_nothing():
    large = colours.profile(b"RGB ", {b"priv": b"data" + bytes(1_000_000)})
    content = pictures.encode(Image.new("RGB", (40, 30), "red"), "png", icc_profile=large)
    assert len(content) < 2000
    assert len(imaging.render_picture(io.BytesIO(content), "png", 320)) < 200


@pytest.mark.parametrize("kind", pictures.MAKE)
@pytest.mark.parametrize("length", [0, 20, 60])
def test_a_picture_that_cannot_be_decoded_is_damaged(kind, length):
    with pytest.raises(formats.Malformed, match="its pixels cannot be decoded"):
        imaging.render_picture(io.BytesIO(pictures.MAKE[kind]()[:length]), kind, 320)


@pytest.mark.parametrize("kind", pictures.MAKE)
def test_another_format_than_was_detected_is_not_decoded(kind):
    other = {"jpg": "png", "png": "gif", "gif": "jpg"}[kind]
    with pytest.raises(formats.Malformed):
        imaging.render_picture(io.BytesIO(pictures.MAKE[kind]()), other, 320)


SCRIPT = """
import resource, sys
from imagehost import imaging
with open("/proc/self/statm") as statm:
    now = int(statm.read().split()[0]) * resource.getpagesize()
limit = now + int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
with open(sys.argv[1], "rb") as picture:
    sys.stdout.buffer.write(imaging.render_picture(picture, sys.argv[3], int(sys.argv[4])))
"""


def rendered_within(memory: int, picture: Path, kind: str, side: int) -> Image.Image:
    """Render in a process with a memory limit in bytes."""
    command = [sys.executable, "-c", SCRIPT, str(picture), str(memory), kind, str(side)]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=60)
    assert made.returncode == 0, made.stderr[-2000:]
    return Image.open(io.BytesIO(made.stdout))


@pytest.mark.parametrize(("mode", "bytes_a_pixel"), [("1", 1), ("P", 1), ("L", 1), ("I;16", 2), ("RGBA", 4)])
def test_a_thumbnail_needs_little_more_memory_than_the_picture(tmp_path, mode, bytes_a_pixel):
    """A small file may be decoded to a huge picture: converting all of it would need as much memory again."""
    side = 7000
    Image.new(mode, (side, side)).save(tmp_path / "huge.png", compress_level=1)
    memory = side * side * bytes_a_pixel * 5 // 4 + 48 * 1024 * 1024
    assert rendered_within(memory, tmp_path / "huge.png", "png", 320).size == (320, 320)


@pytest.mark.parametrize("size", [(4000, 3000), (6000, 4000)], ids=str)
def test_a_photograph_is_never_decoded_in_full_size_for_its_preview(tmp_path, size):
    Image.new("RGB", size).save(tmp_path / "photo.jpg")
    made = rendered_within(64 * 1024 * 1024, tmp_path / "photo.jpg", "jpg", 1280)
    assert max(made.size) == 1280


@pytest.mark.parametrize(("bits", "levels"), [(1, 1), (2, 3), (4, 15)])
def test_a_transparent_grey_of_few_bits_is_that_grey(bits, levels):
    """In a picture that gets brighter from left to right, the second grey is transparent."""
    row = b"\0" + int("".join(f"{x * levels // 63:0{bits}b}" for x in range(64)), 2).to_bytes(8 * bits, "big")
    header = samples.chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 8, bits, 0, 0, 0, 0))
    content = b"\x89PNG\r\n\x1a\n" + header + samples.chunk(b"tRNS", b"\0\1")
    content += samples.chunk(b"IDAT", zlib.compress(row * 8)) + samples.chunk(b"IEND")
    made = thumbnail(content, "png")
    seen = [made.getpixel((x, 4))[3] for x in range(64)]
    assert seen == [0 if x * levels // 63 == 1 else 255 for x in range(64)]


def test_the_first_frame_is_shown_where_another_picture_is_for_older_programs():
    frames = [Image.new("RGB", (50, 40), colour) for colour in ("red", "green", "blue")]
    options = {"save_all": True, "default_image": True, "duration": 80}
    content = pictures.encode(frames[0], "png", append_images=frames[1:], **options)
    assert difference(thumbnail(content, "png"), frames[1]) < 6
