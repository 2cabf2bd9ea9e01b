"""Parts of addresses that have a form of their own."""

from flask import Flask
from werkzeug.routing import BaseConverter


class FilenameConverter(BaseConverter):
    """The public name of an image. Nothing else reaches a view: neither a path nor a control character."""

    regex = r"[a-z0-9]+\.[a-z0-9]+"


def init_app(app: Flask) -> None:
    """Let routes say ``<filename:…>``."""
    app.url_map.converters["filename"] = FilenameConverter
