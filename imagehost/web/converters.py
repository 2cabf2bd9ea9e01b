"""Parts of addresses that have a form of their own."""

from flask import Flask
from werkzeug.routing import BaseConverter


class FilenameConverter(BaseConverter):
    """The public name of an image. Nothing else reaches a view: neither a path nor a control character."""

    regex = r"[a-z0-9]+\.[a-z0-9]+"


class NameConverter(BaseConverter):
    """The public name of an image in the address of its page, with or without its extension."""

    regex = r"[a-z0-9]+(?:\.[a-z0-9]+)?"


LONGEST_NUMBER = 4000
"""Digits: fewer than int() refuses, and about as many as a request line holds."""


def whole_number(text: str) -> int | None:
    """Read a whole number from 1 up; None where it is none."""
    return (
        int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER and int(text) else None
    )


def init_app(app: Flask) -> None:
    """Let routes use ``<filename:…>`` and ``<name:…>``."""
    app.url_map.converters.update(filename=FilenameConverter, name=NameConverter)
