"""The application factory."""

from collections.abc import Callable
from typing import Any

from flask import Flask

from imagehost import cli, extensions
from imagehost.limits import counters
from imagehost.logs import setup
from imagehost.settings import loading
from imagehost.settings.reader import ROOT
from imagehost.web import (
    assets,
    converters,
    guard,
    header_limits,
    languages,
    problem,
    responses,
    streams,
    templating,
)
from imagehost.web.binding import UploadRequest
from imagehost.web.blueprints import (
    api,
    crawlers,
    delete,
    health,
    listing,
    media,
    oembed,
    pages,
    upload,
    viewing,
)


class Application(Flask):
    """A Flask application whose views and hooks are all synchronous."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return a view or a hook as it is. Flask would inspect each of them in every request."""
        return func


def create_app(**overrides: object) -> Flask:
    """Build the image host from its settings; ``overrides`` come before environment and ``.env``."""
    settings = loading.load(**overrides)
    app = Application(
        "imagehost",
        template_folder=str(ROOT / "templates"),
        # They are served by assets.
        static_folder=None,
        instance_path=str(settings.instance_dir),
    )
    app.request_class = UploadRequest
    loading.init_app(app, settings)
    extensions.init_app(app, settings)
    setup.init_app(app, settings)
    # Before security, whose check of host names must run before the static files answer a request.
    assets.init_app(app)
    guard.init_app(app)
    counters.init_app(app, settings)
    streams.init_app(app)
    languages.init_app(app)
    responses.init_app(app)
    problem.init_app(app)
    converters.init_app(app)
    templating.init_app(app)
    header_limits.init_app(app)
    cli.init_app(app)
    for module in (pages, upload, listing, viewing, oembed, delete, api, media, health, crawlers):
        app.register_blueprint(module.bp)
    return app
