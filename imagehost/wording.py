"""Numbers and names as sentences bear them."""

from collections.abc import Sequence

from jinja2.filters import do_filesizeformat

LONGEST_NAME = 80
"""Characters of a client's file name that a message repeats."""


def readable_size(size: int) -> str:
    """Write a number of bytes with its unit: ``10.0 MiB``."""
    return do_filesizeformat(size, binary=True)


def alternatives(words: Sequence[str]) -> str:
    """Join words as a choice: ``JPG, PNG or GIF``."""
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def shorten(name: str) -> str:
    """Cut a client's file name to what a sentence can bear."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
