"""Numbers and names for use in sentences, in the current language."""

import re
from collections.abc import Sequence

from babel.numbers import format_decimal, get_decimal_symbol
from babel.units import format_unit
from flask_babel import gettext as _
from jinja2.filters import do_filesizeformat

from imagehost.web.languages import current

LONGEST_NAME = 80
"""The number of characters of a client's file name that a message contains."""
TURNING = re.compile("[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]")
"""Characters that are written from right to left, or that make others so (Unicode Annex 9)."""


def readable_size(size: int) -> str:
    """Return a number of bytes with its unit: ``10.0 MiB``."""
    return do_filesizeformat(size, binary=True).replace(".", get_decimal_symbol(current()))


def readable_number(number: int) -> str:
    """Return a number with grouped thousands: ``100,000,000``."""
    return format_decimal(number, locale=current())


def readable_period(number: int, unit: str) -> str:
    """Return the period of a rate limit as words: ``per minute``, ``in 5 minutes``."""
    if number > 1:
        return str(_("in %(time)s", time=format_unit(number, f"duration-{unit}", locale=current())))
    words: dict[str, str] = {
        "second": _("per second"),
        "minute": _("per minute"),
        "hour": _("per hour"),
        "day": _("per day"),
        "month": _("per month"),
        "year": _("per year"),
    }
    return words[unit]


def alternatives(words: Sequence[str]) -> str:
    """Return words joined as a choice: ``JPG, PNG or GIF``."""
    *others, last = words
    return str(_("%(others)s or %(last)s", others=", ".join(others), last=last)) if others else last


def shorten_name(name: str) -> str:
    """Return a client's file name, shortened, and so that it does not change a sentence's writing direction.

    ``shorten`` in ``static/js/upload/checking.js`` does the same.
    """
    short = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
    return f"\N{FIRST STRONG ISOLATE}{short}\N{POP DIRECTIONAL ISOLATE}" if TURNING.search(short) else short
