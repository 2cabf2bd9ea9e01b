"""The application factory."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask_migrate import Migrate

from imagehost import cli
from imagehost.host import Host
from imagehost.logs import setup as logs
from imagehost.settings.definitions import load_settings
from imagehost.settings.reader import ROOT
from imagehost.web import (
    assets,
    binding,
    converters,
    guard,
    header_limits,
    languages,
    problem,
    request_ids,
    responses,
    streams,
    templating,
    upload_request,
)
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

migrate = Migrate(directory=str(ROOT / "migrations"), render_as_batch=True)


class Application(Flask):
    """A Flask application whose views and hooks are all synchronous."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return a view or a hook as it is. Flask would inspect each of them in every request."""
        return func


def create_app(**overrides: object) -> Flask:
    """Build the image host from its settings; ``overrides`` take precedence over environment and ``.env``."""
    settings = load_settings(**overrides)
    logs.start_logging(settings)
    return build_app(Host.build(settings))


def build_app(host: Host) -> Flask:
    """Build an application that serves a host."""
    settings = host.settings
    app = Application(
        "imagehost",
        template_folder=str(ROOT / "templates"),
        # The module assets serves static files.
        static_folder=None,
        instance_path=str(settings.instance_dir),
    )
    binding.init_app(app, host)
    migrate.init_app(app, host.database)
    # The order matters. Hooks run in the order of their registration: a request gets its id first, so that
    # every log line has it. Of the wrappers around the WSGI application, the last one runs first: it cuts
    # long headers. Then the wrapper of the guard checks host names, and then static files are served.
    request_ids.init_app(app)
    assets.init_app(app)
    guard.init_app(app, settings)
    upload_request.init_app(app, settings)
    streams.init_app(app)
    languages.init_app(app)
    responses.init_app(app)
    problem.init_app(app)
    converters.init_app(app)
    templating.init_app(app, settings)
    header_limits.init_app(app)
    cli.init_app(app)
    for module in (pages, upload, listing, viewing, oembed, delete, api, media, health, crawlers):
        app.register_blueprint(module.bp)
    return app
