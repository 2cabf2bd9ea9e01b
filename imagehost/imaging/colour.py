"""Convert the colours of a picture to sRGB, as Chromium shows them.

Conversions take RGB or RGBA, return the same mode, and do not change transparency.
"""

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import TypeAlias

from PIL import Image, ImageChops, ImageCms

from imagehost.formats.icc import PROFILE_HEADER_SIZE, TAG_ENTRY
from imagehost.imaging import code_points, hdr, profiles
from imagehost.imaging.colour_information import CodePoints, ColourInformation
from imagehost.imaging.profiles import CMYK, GREY, Profile

Act: TypeAlias = Callable[[Image.Image], Image.Image]

GREY_MODES = {"1", "L", "LA", "I;16"}
"""Modes of pictures without colours."""
INTENT = ImageCms.Intent.PERCEPTUAL
"""The rendering intent that uses the table which profiles.for_littlecms() keeps."""
QUICK = ImageCms.Flags.NOWHITEONWHITEFIXUP
"""Flags for large pictures: littlecms first makes a table of its own, which takes some milliseconds.

If the profile is a table too, some saturated colours are wrong by up to ten levels.
"""
MOST_EXACT_PIXELS = 1_000_000
"""The maximum number of pixels that a table profile converts exactly, which takes half a second."""
EXACT = QUICK | ImageCms.Flags.NOOPTIMIZE
USUAL_GAMMA = 1 / 2.2
NEAR = 0.05
"""The largest relative difference between gAMA and its usual value that has no effect."""
MOST_GAMMA = 1000.0
UNCHANGED = 1
"""The largest difference, of 255, in a colour for which a picture is not converted."""
SIDE_OF_CHART = 6
GREY_STEPS = ((0, 128, 255), (0, 64, 128), (128, 192, 255))
STRAIGHT = 8
"""The largest difference, of 255, between a converted mean of two greys and the mean of the converted greys.

With a larger difference, a picture looks different if it is scaled before it is converted.
"""


@dataclass(frozen=True, slots=True)
class Conversion:
    """A conversion to sRGB. If it is ``curved``, pixels must be converted before they are scaled."""

    act: Act
    curved: bool


def conversion(image: Image.Image, told: ColourInformation) -> Conversion | None:
    """Return the conversion of a picture's colours to sRGB, or None if nothing has to change.

    Args:
        image: a picture whose header has been read.
        told: the colour information in its file, apart from a profile.
    """
    grey = told.is_grey or image.mode in GREY_MODES
    try:
        space = space_of(image, told, grey=grey)
        if space is None:
            return None
        exact = acting(space, EXACT)
        sample = RAMP if grey else CHART
        if image.mode != "CMYK" and is_same_profile(exact(sample), sample):
            return None
        curved = is_curved(exact)
        if grey:
            return Conversion(by_tables(exact), curved)
        is_table = profiles.TABLE_TAGS[0] in space[: PROFILE_HEADER_SIZE + TAG_ENTRY.size]
        few = image.mode == "P" or (is_table and image.width * image.height <= MOST_EXACT_PIXELS)
        return Conversion(exact if few else acting(space, QUICK), curved)
    except (ImageCms.PyCMSError, OSError, ValueError, ArithmeticError, struct.error):
        # Chromium ignores invalid profiles and numbers, too.
        return None


def space_of(image: Image.Image, told: ColourInformation, *, grey: bool) -> bytes | None:
    """Return the colour space of a picture, or None for sRGB. Sources are tried in Chromium's order."""
    profile = profiles.read_profile(image.info.get("icc_profile") or b"")
    if told.code_points and not (profile and told.profile_first):
        space = of_code_points(told.code_points)
        if space:
            return space
    if profile:
        return of_profile(profile, image.mode, grey=grey)
    if told.is_srgb or not told.gamma or image.mode == "CMYK":
        return None
    if told.primaries is None and abs(told.gamma / USUAL_GAMMA - 1) < NEAR:
        return None
    curve = profiles.parametric(0, min(1 / told.gamma, MOST_GAMMA))
    return code_points.profile_of_code_points(told.primaries or code_points.BT709, curve)


def of_code_points(points: CodePoints) -> bytes | None:
    """Return the colour space of these code points, or None if Chromium does not know them."""
    primaries = code_points.PRIMARIES.get(points.primaries)
    if primaries is None:
        return None
    if points.transfer in code_points.BRIGHT:
        return hdr.hdr_profile(primaries, points.transfer, points.peak)
    curve = code_points.CURVES.get(points.transfer)
    return curve and code_points.profile_of_code_points(primaries, curve)


def of_profile(profile: Profile, mode: str, *, grey: bool) -> bytes | None:
    """Return the colour space of a profile, or None if Chromium ignores it in such a picture."""
    if profile.space == GREY and not grey:
        return None
    if (profile.space == CMYK) is not (mode == "CMYK"):
        return None
    space = profiles.for_littlecms(profile)
    numbers = profile.code_points()
    if space is None or len(numbers) != 4:
        return space
    return of_code_points(CodePoints(numbers[0], numbers[1])) or space


def acting(space: bytes, flags: ImageCms.Flags) -> Act:
    """Return the function that converts a picture from a colour space to sRGB."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(space))
    target = ImageCms.ImageCmsProfile(io.BytesIO(code_points.srgb()))
    used = {GREY: "L", CMYK: "CMYK"}.get(space[16:20], "RGB")
    transform = ImageCms.ImageCmsTransform(source, target, used, "RGB", INTENT, flags=flags)
    return partial(by_littlecms, transform)


def by_littlecms(transform: ImageCms.ImageCmsTransform, image: Image.Image) -> Image.Image:
    """Convert a picture to sRGB with littlecms."""
    source = image if image.mode == "RGB" else image.convert("RGB")
    converted = Image.new("RGB", image.size)
    if transform.input_mode == "CMYK":
        # Chromium mixes the black into the other inks before it applies the profile.
        inks = ImageChops.invert(source).split()
        source = Image.merge("CMYK", (*inks, Image.new("L", image.size)))
    elif transform.input_mode == "L":
        source = source.convert("L")
    # Not transform.apply(), which writes the profile of sRGB each time: two milliseconds for every strip.
    transform.transform.apply(source.getim(), converted.getim())
    if image.mode == "RGBA":
        converted.putalpha(image.getchannel("A"))
    return converted


def by_tables(act: Act) -> Act:
    """Return a faster conversion for pictures in which red, green and blue are equal."""
    alpha = bytes(range(256))
    table = [*b"".join(band.tobytes() for band in act(RAMP).split()), *alpha]
    return lambda image: image.point(table[: 256 * len(image.getbands())])


def repaint(image: Image.Image, act: Act) -> None:
    """Convert the palette of a picture."""
    colours = image.getpalette("RGB") or []
    palette = Image.frombytes("RGB", (len(colours) // 3, 1), bytes(colours))
    image.putpalette(act(palette).tobytes(), "RGB")


def is_same_profile(image: Image.Image, other: Image.Image) -> bool:
    """Tell whether two pictures look the same."""
    apart = ImageChops.difference(image, other)
    return max(apart.tobytes()) <= UNCHANGED


def is_curved(act: Act) -> bool:
    """Tell whether the converted mean of two greys differs from the mean of the converted greys."""
    bands = [band.tobytes() for band in act(RAMP).split()]
    return any(
        abs((band[low] + band[high]) / 2 - band[middle]) > STRAIGHT
        for band in bands
        for low, middle, high in GREY_STEPS
    )


def _chart() -> Image.Image:
    """Return a picture with colours from the whole RGB range."""
    levels = [round(255 * number / (SIDE_OF_CHART - 1)) for number in range(SIDE_OF_CHART)]
    pixels = b"".join(map(bytes, product(levels, repeat=3)))
    return Image.frombytes("RGB", (SIDE_OF_CHART**2, SIDE_OF_CHART), pixels)


CHART = _chart()
RAMP = Image.merge("RGB", [Image.frombytes("L", (256, 1), bytes(range(256)))] * 3)
"""A picture with all 256 greys."""
