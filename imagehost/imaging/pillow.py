"""What Pillow may open, what it raises, and how pictures are turned."""

from typing import BinaryIO

from PIL import Image, PngImagePlugin

from imagehost.formats import exif, icc
from imagehost.kinds import KINDS

# formats.Canvas counts the pixels, by our own limit and with all frames.
Image.MAX_IMAGE_PIXELS = None
# The walk limits colour profiles, which Pillow would refuse above 1 MiB.
PngImagePlugin.MAX_TEXT_CHUNK = icc.MOST + 1

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
    return Image.open(stream, formats=[KINDS[kind].pillow_format])


def orientation(image: Image.Image, kind: str) -> int:
    """Tell how browsers turn a picture, by EXIF's numbers 1 to 8. Ask before its pixels are loaded.

    They turn JPEG and PNG by EXIF that comes before the pixels, AVIF by irot and imir, which Pillow tells as
    EXIF, and WebP never.
    """
    return exif.read(image.info.get("exif", b"")) if KINDS[kind].turned_by_exif else exif.UPRIGHT
