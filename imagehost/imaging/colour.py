"""From the colours that a picture was saved with to sRGB, as Chromium shows them.

Conversions take RGB or RGBA, return the same, and leave transparency alone.
"""

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import TypeAlias

from PIL import Image, ImageChops, ImageCms

from imagehost.imaging import code_points, hdr, profiles
from imagehost.imaging.profiles import CMYK, GREY, Profile
from imagehost.imaging.signals import CodePoints, Signals

Act: TypeAlias = Callable[[Image.Image], Image.Image]

GREYS = {"1", "L", "LA", "I;16"}
"""Modes of pictures without colours."""
INTENT = ImageCms.Intent.PERCEPTUAL
"""The one that uses the table which profiles.for_littlecms() leaves."""
QUICK = ImageCms.Flags.NOWHITEONWHITEFIXUP
"""Littlecms makes a table of its own first, which takes some milliseconds and pays for large pictures.

Where the profile is a table too, that makes some saturated colours up to ten levels wrong.
"""
FEW = 1_000_000
"""Pixels that are converted exactly where it takes longer: half a second for as many."""
EXACT = QUICK | ImageCms.Flags.NOOPTIMIZE
USUAL_GAMMA = 1 / 2.2
NEAR = 0.05
"""How far gAMA may be from the usual, as a part of it, without any effect."""
MOST_GAMMA = 1000.0
UNCHANGED = 1
"""How much colours may change, of 255, in a picture that is left as it is."""
SIDE_OF_CHART = 6
GREY_STEPS = ((0, 128, 255), (0, 64, 128), (128, 192, 255))
STRAIGHT = 8
"""How far the converted middle of two greys may be from the middle of the converted greys, of 255.

Further away, a picture looks different when it is scaled before it is converted.
"""


@dataclass(frozen=True, slots=True)
class Conversion:
    """What leads to sRGB; if it is ``curved``, pixels have to be converted before they are scaled."""

    act: Act
    curved: bool


def conversion(image: Image.Image, told: Signals) -> Conversion | None:
    """Choose what leads from the colours of a picture to sRGB, or return None if nothing has to change.

    Args:
        image: a picture whose header is read.
        told: what its file says of its colours beside a profile.
    """
    grey = told.is_grey or image.mode in GREYS
    try:
        space = space_of(image, told, grey=grey)
        if space is None:
            return None
        exact = acting(space, EXACT)
        sample = RAMP if grey else CHART
        if image.mode != "CMYK" and is_same(exact(sample), sample):
            return None
        curved = is_curved(exact)
        if grey:
            return Conversion(by_tables(exact), curved)
        is_table = profiles.TABLES[0] in space[: profiles.HEADER + profiles.ENTRY.size]
        few = image.mode == "P" or (is_table and image.width * image.height <= FEW)
        return Conversion(exact if few else acting(space, QUICK), curved)
    except (ImageCms.PyCMSError, OSError, ValueError, ArithmeticError, struct.error):
        # Chromium ignores profiles and numbers that make no sense, too.
        return None


def space_of(image: Image.Image, told: Signals, *, grey: bool) -> bytes | None:
    """Find the colour space of a picture, in the order in which Chromium looks for it; None is sRGB."""
    profile = profiles.read(image.info.get("icc_profile") or b"")
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
    return code_points.profile(told.primaries or code_points.BT709, curve)


def of_code_points(points: CodePoints) -> bytes | None:
    """Make the colour space that has these numbers, or return None if Chromium knows none."""
    primaries = code_points.PRIMARIES.get(points.primaries)
    if primaries is None:
        return None
    if points.transfer in code_points.BRIGHT:
        return hdr.profile(primaries, points.transfer, points.peak)
    curve = code_points.CURVES.get(points.transfer)
    return curve and code_points.profile(primaries, curve)


def of_profile(profile: Profile, mode: str, *, grey: bool) -> bytes | None:
    """Make the colour space of a profile; None if Chromium ignores it in such a picture."""
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
    """Build what converts from a colour space."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(space))
    target = ImageCms.ImageCmsProfile(io.BytesIO(code_points.srgb()))
    used = {GREY: "L", CMYK: "CMYK"}.get(space[16:20], "RGB")
    transform = ImageCms.ImageCmsTransform(source, target, used, "RGB", INTENT, flags=flags)
    return partial(by_littlecms, transform)


def by_littlecms(transform: ImageCms.ImageCmsTransform, image: Image.Image) -> Image.Image:
    """Convert by littlecms."""
    source = image if image.mode == "RGB" else image.convert("RGB")
    converted = Image.new("RGB", image.size)
    if transform.input_mode == "CMYK":
        # Chromium mixes the black into the other inks before it looks at the profile.
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
    """Make a quicker conversion for pictures in which red, green and blue are equal."""
    alpha = bytes(range(256))
    table = [*b"".join(band.tobytes() for band in act(RAMP).split()), *alpha]
    return lambda image: image.point(table[: 256 * len(image.getbands())])


def repaint(image: Image.Image, act: Act) -> None:
    """Convert the palette of a picture."""
    colours = image.getpalette("RGB") or []
    palette = Image.frombytes("RGB", (len(colours) // 3, 1), bytes(colours))
    image.putpalette(act(palette).tobytes(), "RGB")


def is_same(image: Image.Image, other: Image.Image) -> bool:
    """Tell whether two pictures look the same."""
    apart = ImageChops.difference(image, other)
    return max(apart.tobytes()) <= UNCHANGED


def is_curved(act: Act) -> bool:
    """Tell whether the middle of two greys moves away from them."""
    bands = [band.tobytes() for band in act(RAMP).split()]
    return any(
        abs((band[low] + band[high]) / 2 - band[middle]) > STRAIGHT
        for band in bands
        for low, middle, high in GREY_STEPS
    )


def _chart() -> Image.Image:
    """Draw colours of all sorts."""
    levels = [round(255 * number / (SIDE_OF_CHART - 1)) for number in range(SIDE_OF_CHART)]
    pixels = b"".join(map(bytes, product(levels, repeat=3)))
    return Image.frombytes("RGB", (SIDE_OF_CHART**2, SIDE_OF_CHART), pixels)


CHART = _chart()
RAMP = Image.merge("RGB", [Image.frombytes("L", (256, 1), bytes(range(256)))] * 3)
"""All greys."""
