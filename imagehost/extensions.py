"""What the layers share, unbound until ``init_app``: database, migrations, storage, settings."""

from typing import cast

from flask import Flask, current_app, has_request_context, request
from flask.ctx import AppContext
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from werkzeug.local import LocalProxy

from imagehost.db import engines
from imagehost.db.models import Base
from imagehost.domain.errors import ImageHostError
from imagehost.imaging import Plan, Renderer, available
from imagehost.settings.loading import Settings
from imagehost.settings.reader import ROOT
from imagehost.storage import Storage
from imagehost.storage.disk import DiskStorage


class Database(SQLAlchemy):
    """The database of an application."""

    def _teardown_session(self, exc: BaseException | None) -> None:
        """End the session; a connection that is lost by then is nothing that an answer has to fail for."""
        try:
            super()._teardown_session(exc)
        except ImageHostError:
            self.session.registry.clear()


db = Database(metadata=Base.metadata, session_options={"expire_on_commit": False})
migrate = Migrate(directory=str(ROOT / "migrations"), render_as_batch=True)

settings = cast("Settings", LocalProxy(lambda: current_app.extensions["imagehost.settings"]))
renderer = cast("Renderer", LocalProxy(lambda: current_app.extensions["imagehost.renderer"]))
storage = cast("Storage", LocalProxy(lambda: current_app.extensions["imagehost.storage"]))


def own_context() -> AppContext:
    """Give a thread a context like its caller's, but with a database session of its own."""
    return current_app.app_context()


def waiting_client() -> int | None:
    """Return the descriptor of the connection that waits for an answer, as far as gunicorn tells it."""
    connection = request.environ.get("gunicorn.socket") if has_request_context() else None
    return None if connection is None else int(connection.fileno())


def init_app(app: Flask, chosen: Settings) -> None:
    """Bind them to the application."""
    app.extensions["imagehost.settings"] = chosen
    app.extensions["imagehost.storage"] = DiskStorage(chosen.images_dir, max_size=chosen.max_file_size)
    plan = Plan.of(available(), chosen.web_server_workers, chosen.max_pixels)
    app.extensions["imagehost.renderer"] = Renderer(plan, waiting_client)
    db.init_app(app)
    migrate.init_app(app, db)
    with app.app_context():
        engines.tune(db.engine)
