"""The names of images: the public name that the host generates, and the original name from the client."""

import secrets
import unicodedata
from datetime import UTC, datetime
from string import ascii_lowercase, digits

NAME_LETTERS = ascii_lowercase + digits
NAME_LENGTH = 16
"""So a name has 82 random bits, and nobody can guess a link."""
LONGEST_ORIGINAL_NAME = 255
NO_NAMES = {"-", "blob"}
"""Names that programs send for a file without a name: curl for a pipe, a script for bytes that it made."""


def new_name() -> str:
    """Return a name that nobody can guess: the digits of one random number."""
    number = secrets.randbelow(len(NAME_LETTERS) ** NAME_LENGTH)
    letters = []
    for _ in range(NAME_LENGTH):
        number, letter = divmod(number, len(NAME_LETTERS))
        letters.append(NAME_LETTERS[letter])
    return "".join(letters)


def clean_name(name: str) -> str:
    """Return a client's file name as text that every database and log can store.

    Control characters are removed, and so are lone surrogates, which are not valid text.
    """
    text = "".join(letter for letter in name if unicodedata.category(letter) not in {"Cc", "Cs"})
    return text[:LONGEST_ORIGINAL_NAME]


def is_name_missing(name: str) -> bool:
    """Tell whether a name is missing: a program's replacement for one, or only invisible characters."""
    return name in NO_NAMES or not any(letter.isprintable() and letter != " " for letter in name)


def dated_name(moment: datetime, kind: str) -> str:
    """Return a name for a file that was sent without one: the time in UTC, as 2026-11-28 22-15-03.jpg."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H-%M-%S}.{kind}"
