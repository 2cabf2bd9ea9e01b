"""Converters for names in addresses, and whole numbers."""

from flask import Flask
from werkzeug.routing import BaseConverter


class FilenameConverter(BaseConverter):
    """The public name of an image. Nothing else reaches a view: neither a path nor a control character."""

    regex = r"[a-z0-9]+\.[a-z0-9]+"


class NameConverter(BaseConverter):
    """The public name of an image in the address of its page, with or without its extension."""

    regex = r"[a-z0-9]+(?:\.[a-z0-9]+)?"


LONGEST_NUMBER = 4000
"""The maximum number of digits: fewer than int() refuses, and about as many as fit in a request line."""


def whole_number(text: str) -> int | None:
    """Return the whole number in a text, or None if the text is not a whole number from 1 up."""
    return (
        int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER and int(text) else None
    )


def init_app(app: Flask) -> None:
    """Register the converters ``<filename:…>`` and ``<name:…>``."""
    app.url_map.converters.update(filename=FilenameConverter, name=NameConverter)
