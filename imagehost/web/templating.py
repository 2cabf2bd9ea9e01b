"""Filters and functions for templates."""

from flask import Flask

from imagehost.domain.kinds import KINDS
from imagehost.settings.definitions import Settings
from imagehost.web import assets, page_texts, representations
from imagehost.web.readable import alternatives, readable_number, readable_size


def init_app(app: Flask, settings: Settings) -> None:
    """Register filters and globals."""
    kinds = settings.allowed_extensions
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        readable_number=readable_number, readable_size=readable_size, timestamp=representations.timestamp
    )
    app.jinja_env.globals.update(
        absolute=representations.absolute,
        image_url=representations.image_url,
        thumbnail_url=representations.thumbnail_url,
        view_url=representations.view_url,
        srcset=representations.srcset,
        oembed_url=representations.oembed_url,
        link_kinds=page_texts.link_kinds,
        allowed_kinds=lambda: alternatives([kind.upper() for kind in kinds]),
        accepted_kinds=",".join(KINDS[kind].mime_type for kind in kinds),
        max_file_size=settings.max_file_size,
        script_settings=page_texts.script_settings,
        script_modules=assets.script_modules(),
    )
