"""The names of images: the public one that we make up, and the original one that a client brings."""

import secrets
import unicodedata
from datetime import UTC, datetime
from string import ascii_lowercase, digits

NAME_LETTERS = ascii_lowercase + digits
NAME_LENGTH = 16
"""82 random bits: nobody guesses a link."""
LONGEST_ORIGINAL_NAME = 255
NO_NAMES = {"-", "blob"}
"""Names that programs send for a file without a name: curl for a pipe, a script for bytes that it made."""


def new_name() -> str:
    """Make an unguessable name: the digits of one random number."""
    number = secrets.randbelow(len(NAME_LETTERS) ** NAME_LENGTH)
    letters = []
    for _ in range(NAME_LENGTH):
        number, letter = divmod(number, len(NAME_LETTERS))
        letters.append(NAME_LETTERS[letter])
    return "".join(letters)


def clean_name(name: str) -> str:
    """Keep what a client called its file, as text that any database and log can hold.

    Control characters go, and so do lone surrogates, which are no text.
    """
    text = "".join(letter for letter in name if unicodedata.category(letter) not in {"Cc", "Cs"})
    return text[:LONGEST_ORIGINAL_NAME]


def is_missing(name: str) -> bool:
    """Tell whether a name is missing: a program's replacement for one, or only invisible characters."""
    return name in NO_NAMES or not any(letter.isprintable() and letter != " " for letter in name)


def dated_name(moment: datetime, kind: str) -> str:
    """Name a file that came without a name: 2026-11-28 22-15-03.jpg, by UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H-%M-%S}.{kind}"
