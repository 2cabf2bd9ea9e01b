"""The one table of picture formats: a new format is an entry here and a parser in ``formats``."""

import re
from dataclasses import dataclass

HEAD = 4096
"""Bytes from the start of a file that are enough to recognise its format, also SVG after a long comment."""


def _(text: str) -> str:
    """Mark a text for ``make messages``. It is translated where it is told."""
    return text


@dataclass(frozen=True, slots=True)
class Kind:
    """A format that can be hosted.

    Args:
        extension: the extension of hosted files, and the name of the format in settings and in the database.
        named: what the format is called where it is not allowed; continues "photo.jpg is ".
        mime_type: the type that is sent with the bytes.
        extensions: all extensions that files of this format have elsewhere.
        signature: a regular expression that matches the first bytes. It is written in the syntax that Python
            and JavaScript share, since the page checks files before it sends them.
        pillow_format: what Pillow calls the format.
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
            named=_("a JPG image"),
            mime_type="image/jpeg",
            extensions=("jpg", "jpeg", "jpe", "jfif"),
            signature=r"^\xff\xd8\xff",
            pillow_format="JPEG",
            parser="jpeg",
            by_default=True,
        ),
        Kind(
            extension="png",
            named=_("a PNG image"),
            mime_type="image/png",
            extensions=("png", "apng"),
            signature=r"^\x89PNG\r\n\x1a\n",
            pillow_format="PNG",
            parser="png",
            by_default=True,
        ),
        Kind(
            extension="gif",
            named=_("a GIF image"),
            mime_type="image/gif",
            extensions=("gif",),
            signature=r"^GIF8[79]a",
            pillow_format="GIF",
            parser="gif",
            by_default=True,
        ),
        Kind(
            extension="webp",
            named=_("a WebP image"),
            mime_type="image/webp",
            extensions=("webp",),
            signature=r"^RIFF[\s\S]{4}WEBP",
            pillow_format="WEBP",
            parser="webp",
            turned_by_exif=False,
        ),
        Kind(
            extension="avif",
            named=_("an AVIF image"),
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
"""By their extension, in the order in which sentences name them."""

EXTENSIONS = {extension: kind.extension for kind in KINDS.values() for extension in kind.extensions}
"""The kind of each extension that files have."""

_SIGNATURES = {name: re.compile(kind.signature.encode("ascii")) for name, kind in KINDS.items()}


def detect(head: bytes) -> str | None:
    """Recognise the kind of a picture by the first ``HEAD`` bytes of its file, or return None."""
    return next((name for name, signature in _SIGNATURES.items() if signature.search(head)), None)
