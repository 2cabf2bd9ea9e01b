"""The applications that tests use in turn."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.test import TestResponse

from imagehost.app import build_app, migrate
from imagehost.host import Host
from imagehost.logs.setup import start_logging
from imagehost.settings.definitions import Settings
from imagehost.web import binding, streams
from tests.html import lint


class LintingClient(FlaskClient):
    """A client that checks the markup of every page it gets."""

    def open(self, *args: object, **kwargs: object) -> TestResponse:
        # Read to the end and closed, as a server does.
        answer = super().open(*args, **{"buffered": True, **kwargs})
        if answer.mimetype == "text/html" and answer.data and not answer.content_encoding:
            lint(answer.text, fragment=not answer.text.lstrip().lower().startswith("<!doctype"))
        return answer


class CompiledTemplates(BytecodeCache):
    """The compiled templates of all applications of this process."""

    def __init__(self) -> None:
        self.code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.code:
            bucket.bytecode_from_string(self.code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.code[bucket.key] = bucket.bytecode_to_string()


class Applications:
    """The applications of this process, by settings. A test takes one and gives it back.

    To build an application takes longer than most tests, and a host is built in 1 ms.
    """

    def __init__(self) -> None:
        self.idle: dict[Settings, list[Flask]] = defaultdict(list)
        self.templates = CompiledTemplates()
        self.statements: dict[str, tuple[sa.Dialect, dict[object, object]]] = {}
        """The compiled statements for each kind of database. To compile them takes a tenth of the time."""

    def take(self, settings: Settings) -> Flask:
        """Return an application for these settings that no other test uses, and let it serve a new host."""
        start_logging(settings)
        host = Host.build(settings)
        engine = host.database.engine
        if shared := self.statements.get(engine.dialect.name):
            engine.dialect, compiled = shared
            engine.update_execution_options(compiled_cache=compiled)
        idle = self.idle[without_places(settings)]
        if not idle:
            return self.build(host)
        app = idle.pop()
        binding.init_app(app, host)
        migrate.init_app(app, host.database)
        streams.init_app(app)
        return app

    def share_statements(self, dialect: sa.Dialect) -> None:
        """Let all hosts on this kind of database share compiled statements.

        The dialect is a part of a statement's key, so they share it too.
        """
        self.statements[dialect.name] = dialect, {}

    def build(self, host: Host) -> Flask:
        """Return a new application that serves a host."""
        app = build_app(host)
        app.test_client_class = LintingClient
        app.jinja_env.bytecode_cache = self.templates
        return app

    def give_back(self, app: Flask, host: Host) -> None:
        """Close the database of the host that the application was given. Another test may then take it."""
        host.database.engine.dispose()
        self.idle[without_places(host.settings)].append(app)


def without_places(settings: Settings) -> Settings:
    """Return the settings without those that differ between all tests: these are read only from the host."""
    here = Path()
    return replace(
        settings,
        database_url=sa.URL.create("sqlite"),
        secret_key="",
        instance_dir=here,
        images_dir=here,
        log_dir=here,
        backup_dir=here,
    )


def host_of(app: Flask) -> Host:
    """Return the host that an application serves."""
    host: Host = app.extensions[binding.HOST]
    return host


def change_host(app: Flask, **parts: object) -> Host:
    """Replace parts of the host that an application serves, for example its clock."""
    app.extensions[binding.HOST] = replace(host_of(app), **parts)
    return host_of(app)


def close(app: Flask) -> None:
    """Close the connections to the database of the application's host."""
    host_of(app).database.engine.dispose()


class Failing:
    """A part of a host, for example its database, all of whose methods raise an error."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __getattr__(self, name: str) -> Callable[..., NoReturn]:
        def fail(*_: object, **__: object) -> NoReturn:
            raise self.error

        return fail
