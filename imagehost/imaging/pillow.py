"""What Pillow may open, what it raises, and how pictures are turned."""

from typing import BinaryIO

from PIL import Image, PngImagePlugin

from imagehost.domain.kinds import KINDS
from imagehost.formats import exif, icc

# formats.Canvas counts the pixels, by our own limit and with all frames.
Image.MAX_IMAGE_PIXELS = None
# The walk limits colour profiles, which Pillow would refuse above 1 MiB.
PngImagePlugin.MAX_TEXT_CHUNK = icc.MOST + 1

GREY = {"L;2": 85, "L;4": 17}
"""By what Pillow multiplies the greys of a PNG with so many bits a pixel."""

# What Pillow raises for broken pictures, by its own documentation and by our fuzzing.
BROKEN = (
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


def opened(stream: BinaryIO, kind: str) -> Image.Image:
    """Read the header of a picture, as that kind and no other. Raises BROKEN."""
    stream.seek(0)
    image = Image.open(stream, formats=[KINDS[kind].pillow_format])
    transparent = image.info.get("transparency")
    if kind == "png" and isinstance(transparent, int) and image.tile:
        # Pillow scales the pixels of a grey picture to 8 bits, but not the grey that is transparent.
        image.info["transparency"] = transparent * GREY.get(str(image.tile[0][3]), 1)
    return image


def orientation(image: Image.Image, kind: str) -> int:
    """Tell how browsers turn a picture, by EXIF's numbers 1 to 8. Ask before its pixels are loaded.

    They turn JPEG and PNG by EXIF that comes before the pixels, AVIF by irot and imir, which Pillow tells as
    EXIF, and WebP never.
    """
    return exif.read(image.info.get("exif", b"")) if KINDS[kind].turned_by_exif else exif.UPRIGHT
