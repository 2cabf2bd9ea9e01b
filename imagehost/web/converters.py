"""Converters for names in addresses."""

from flask import Flask
from werkzeug.routing import BaseConverter


class FilenameConverter(BaseConverter):
    """The public name of an image. Nothing else reaches a view: neither a path nor a control character."""

    regex = r"[a-z0-9]+\.[a-z0-9]+"


class NameConverter(BaseConverter):
    """The public name of an image in the address of its page, with or without its extension."""

    regex = r"[a-z0-9]+(?:\.[a-z0-9]+)?"


def init_app(app: Flask) -> None:
    """Register the converters ``<filename:…>`` and ``<name:…>``."""
    app.url_map.converters.update(filename=FilenameConverter, name=NameConverter)
