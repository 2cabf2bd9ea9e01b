"""The one table of picture formats: a new format is an entry here and a parser in ``formats``."""

import re
from dataclasses import dataclass

HEAD_SIZE = 4096
"""The number of first bytes that are enough to recognise a file's format, also SVG after a long comment."""


def translatable(text: str) -> str:
    """Mark a text for ``make messages``. ``web`` translates it when it writes an answer."""
    return text


@dataclass(frozen=True, slots=True)
class Kind:
    """A format that can be hosted.

    Args:
        extension: the extension of hosted files, and the name of the format in settings and in the database.
        named: the name of the format in a refusal; continues "photo.jpg is ".
        mime_type: the type that is sent with the bytes.
        extensions: all extensions that files of this format may have before they are uploaded.
        signature: a regular expression that matches the first bytes. It is written in the syntax that Python
            and JavaScript share, since the page checks files before it sends them.
        pillow_format: Pillow's name for the format.
        parser: the module of ``imagehost.formats`` that walks a file of this format.
        by_default: whether ``ALLOWED_EXTENSIONS`` contains it unless it is set.
        turned_by_exif: whether browsers obey the orientation in EXIF.
        pillow_reads_all: whether Pillow opens every file of this format that browsers show. If not, a picture
            may be hosted that has no renditions.
    """

    extension: str
    named: str
    mime_type: str
    extensions: tuple[str, ...]
    signature: str
    pillow_format: str
    parser: str
    by_default: bool = False
    turned_by_exif: bool = True
    pillow_reads_all: bool = True


KINDS: dict[str, Kind] = {
    kind.extension: kind
    for kind in (
        Kind(
            extension="jpg",
            named=translatable("a JPG image"),
            mime_type="image/jpeg",
            extensions=("jpg", "jpeg", "jpe", "jfif"),
            signature=r"^\xff\xd8\xff",
            pillow_format="JPEG",
            parser="jpeg",
            by_default=True,
        ),
        Kind(
            extension="png",
            named=translatable("a PNG image"),
            mime_type="image/png",
            extensions=("png", "apng"),
            signature=r"^\x89PNG\r\n\x1a\n",
            pillow_format="PNG",
            parser="png",
            by_default=True,
        ),
        Kind(
            extension="gif",
            named=translatable("a GIF image"),
            mime_type="image/gif",
            extensions=("gif",),
            signature=r"^GIF8[79]a",
            pillow_format="GIF",
            parser="gif",
            by_default=True,
        ),
        Kind(
            extension="webp",
            named=translatable("a WebP image"),
            mime_type="image/webp",
            extensions=("webp",),
            signature=r"^RIFF[\s\S]{4}WEBP",
            pillow_format="WEBP",
            parser="webp",
            turned_by_exif=False,
        ),
        Kind(
            extension="avif",
            named=translatable("an AVIF image"),
            mime_type="image/avif",
            extensions=("avif", "avifs"),
            # The major brand, the version, then any number of compatible brands.
            signature=r"^\0\0[\s\S]{2}ftyp(?:[\s\S]{4}){0,60}?avi[fs]",
            pillow_format="AVIF",
            parser="avif",
            pillow_reads_all=False,
        ),
    )
}
"""The formats by their extension, in the order in which sentences name them."""

EXTENSIONS = {extension: kind.extension for kind in KINDS.values() for extension in kind.extensions}
"""The kind of each extension that files have."""

_SIGNATURES = {name: re.compile(kind.signature.encode("ascii")) for name, kind in KINDS.items()}


def kind_of_bytes(head: bytes) -> str | None:
    """Return the kind of a picture, by the first ``HEAD_SIZE`` bytes of its file; None if it is unknown."""
    return next((name for name, signature in _SIGNATURES.items() if signature.search(head)), None)
