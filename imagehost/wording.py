"""Numbers and names as sentences bear them, in the language that is spoken here and now."""

from collections.abc import Sequence

from babel.numbers import format_decimal, get_decimal_symbol
from flask_babel import gettext as _
from jinja2.filters import do_filesizeformat

from imagehost.languages import current

LONGEST_NAME = 80
"""Characters of a client's file name that a message repeats."""


def readable_size(size: int) -> str:
    """Write a number of bytes with its unit: ``10.0 MiB``."""
    return do_filesizeformat(size, binary=True).replace(".", get_decimal_symbol(current()))


def readable_number(number: int) -> str:
    """Write a number with its thousands set apart: ``100,000,000``."""
    return format_decimal(number, locale=current())


def alternatives(words: Sequence[str]) -> str:
    """Join words as a choice: ``JPG, PNG or GIF``."""
    *others, last = words
    return str(_("%(others)s or %(last)s", others=", ".join(others), last=last)) if others else last


def shorten(name: str) -> str:
    """Cut a client's file name to what a sentence can bear."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
