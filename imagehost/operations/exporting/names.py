"""Convert the original names of images to file names that are valid on all systems."""

import re
import unicodedata

from imagehost.domain.kinds import EXTENSIONS

UNSAFE = re.compile('[<>:"/\\\\|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]')
"""Characters that Windows forbids, including path separators, and marks that change the text direction."""
NO_TEXT = {"Cc", "Cs", "Zl", "Zp"}
"""The Unicode categories of control characters, lone surrogates and line ends."""
TROUBLE = re.compile(
    r"-|~|(con|prn|aux|nul|conin\$|conout\$|clock\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)", re.IGNORECASE
)
"""The beginning of a name that programs take for an option or a home folder, or Windows for a device."""
LONGEST_STEM = 200
"""The maximum bytes of a name in UTF-8, without number and extension. File systems allow 255."""


def safe_name(original: str, kind: str) -> tuple[str, str]:
    """Return a safe stem and extension for an original name. The extension fits the kind of the bytes."""
    text = "".join("_" if is_unsafe(letter) else letter for letter in unicodedata.normalize("NFC", original))
    stem, dot, extension = text.rpartition(".")
    if not dot or extension.lower() not in EXTENSIONS:
        stem, extension = text, kind
    if EXTENSIONS.get(extension.lower()) != kind:
        extension = kind
    # A leading dot hides a file; Windows removes dots and spaces at the end.
    stem = stem.strip(" .")
    if TROUBLE.match(stem):
        stem = f"_{stem}"
    return stem.encode()[:LONGEST_STEM].decode(errors="ignore").rstrip(" .") or "image", extension


def is_unsafe(letter: str) -> bool:
    """Tell whether a character must not be in a file's name."""
    return bool(UNSAFE.match(letter)) or unicodedata.category(letter) in NO_TEXT


def key(name: str) -> str:
    """Return the same key for names that are equal on systems that ignore case or how accents are encoded."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).upper().casefold())
