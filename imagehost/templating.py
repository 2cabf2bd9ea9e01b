"""What templates may call, and where htmx comes from."""

import importlib.util
from pathlib import Path

from flask import Blueprint, Flask

from imagehost import representations
from imagehost.kinds import MIME_TYPES
from imagehost.wording import alternatives, readable_size


def htmx_folder() -> Path:
    """Find the folder of django-js-lib-htmx, which cannot be imported without Django, and need not."""
    package = importlib.util.find_spec("js_lib_htmx")
    if package is None or not package.submodule_search_locations:
        raise RuntimeError("the package django-js-lib-htmx is not installed")
    return Path(package.submodule_search_locations[0]) / "static" / "htmx"


def init_app(app: Flask) -> None:
    """Register filters, globals and htmx."""
    settings = app.extensions["imagehost.settings"]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(readable_size=readable_size, timestamp=representations.timestamp)
    app.jinja_env.globals.update(
        absolute=representations.absolute,
        image_url=representations.image_url,
        thumbnail_url=representations.thumbnail_url,
        allowed_kinds=alternatives([kind.upper() for kind in settings.allowed_extensions]),
        accepted_kinds=",".join(MIME_TYPES[kind] for kind in settings.allowed_extensions),
        max_file_size=settings.max_file_size,
    )
    app.register_blueprint(
        Blueprint("htmx", __name__, static_folder=htmx_folder(), static_url_path="/static/htmx")
    )
