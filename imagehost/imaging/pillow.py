"""Open pictures with Pillow, list its exceptions, and read how browsers rotate a picture."""

from typing import BinaryIO

from PIL import Image, PngImagePlugin

from imagehost.domain.kinds import KINDS
from imagehost.formats import exif, icc

# formats.Canvas checks the pixels of all frames by imagehost's own limit.
Image.MAX_IMAGE_PIXELS = None
# The walk already limits colour profiles. Pillow would refuse profiles above 1 MiB.
PngImagePlugin.MAX_TEXT_CHUNK = icc.LARGEST_PROFILE + 1

GREY_FACTORS = {"L;2": 85, "L;4": 17}
"""The factor by which Pillow multiplies the greys of a PNG with 2 or 4 bits per pixel."""

# The exceptions that Pillow raises for broken pictures, according to its documentation and our fuzzing.
PILLOW_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    TypeError,
    IndexError,
    KeyError,
    AttributeError,
    EOFError,
    OverflowError,
    ArithmeticError,
    RuntimeError,
    Image.DecompressionBombError,
)


def open_picture(stream: BinaryIO, kind: str) -> Image.Image:
    """Read the header of a picture, only as the given kind. Raises an exception of PILLOW_ERRORS."""
    stream.seek(0)
    image = Image.open(stream, formats=[KINDS[kind].pillow_format])
    transparent = image.info.get("transparency")
    if kind == "png" and isinstance(transparent, int) and image.tile:
        # Pillow scales the pixels of a grey picture to 8 bits, but not the grey that is transparent.
        image.info["transparency"] = transparent * GREY_FACTORS.get(str(image.tile[0][3]), 1)
    return image


def orientation(image: Image.Image, kind: str) -> int:
    """Return how browsers rotate a picture, as an EXIF number from 1 to 8.

    Call this before the pixels are loaded. Browsers rotate JPEG and PNG by EXIF that comes before the pixels,
    and AVIF by irot and imir, which Pillow reports as EXIF. They never rotate WebP.
    """
    return exif.read_exif(image.info.get("exif", b"")) if KINDS[kind].turned_by_exif else exif.UPRIGHT
