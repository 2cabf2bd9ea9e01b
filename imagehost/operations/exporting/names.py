"""File names that any system can hold, made of the names that clients gave."""

import re
import unicodedata

from imagehost.domain.kinds import EXTENSIONS

UNSAFE = re.compile('[<>:"/\\\\|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]')
"""What Windows forbids, separators of paths among it, and marks that turn the writing round."""
NO_TEXT = {"Cc", "Cs", "Zl", "Zp"}
"""Control characters, lone surrogates, line ends."""
TROUBLE = re.compile(
    r"-|~|(con|prn|aux|nul|conin\$|conout\$|clock\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)", re.IGNORECASE
)
"""How a name begins that programs take for an option or a home folder, or Windows for a device."""
LONGEST = 200
"""Bytes of a name in UTF-8, apart from number and extension; file systems take 255."""


def safe_name(original: str, kind: str) -> tuple[str, str]:
    """Make a stem and an extension of an original name; the extension tells what the bytes are."""
    text = "".join("_" if is_unsafe(letter) else letter for letter in unicodedata.normalize("NFC", original))
    stem, dot, extension = text.rpartition(".")
    if not dot or extension.lower() not in EXTENSIONS:
        stem, extension = text, kind
    if EXTENSIONS.get(extension.lower()) != kind:
        extension = kind
    # A leading dot hides a file; Windows drops dots and blanks at the end.
    stem = stem.strip(" .")
    if TROUBLE.match(stem):
        stem = f"_{stem}"
    return stem.encode()[:LONGEST].decode(errors="ignore").rstrip(" .") or "image", extension


def is_unsafe(letter: str) -> bool:
    """Tell whether a letter may not be in a file's name."""
    return bool(UNSAFE.match(letter)) or unicodedata.category(letter) in NO_TEXT


def key(name: str) -> str:
    """Say which names are one and the same to a system that ignores case, or how accents are written."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).upper().casefold())
