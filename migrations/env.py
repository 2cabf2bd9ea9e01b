"""Run migrations with the application's engine."""

import logging
import sqlite3

import psycopg2
import sqlalchemy as sa
from alembic import context
from flask import current_app

from imagehost.db import engines
from imagehost.domain.errors import ImageHostError
from imagehost.operations import file_modes
from imagehost.web.binding import HOST

host = current_app.extensions[HOST]
engine = host.database.engine
log = logging.getLogger("imagehost.cli.migrations")


def run() -> None:
    """Migrate the database to the requested revision, each migration in its own transaction."""
    try:
        connection = engine.connect()
    except ERRORS as error:
        raise refusal("opened", error) from None
    try:
        migrate(connection)
    except ERRORS as error:
        log.exception("migration failed")
        raise refusal("migrated", error) from None
    # Each upgrade runs this function, so other users lose their rights on files of older releases here.
    file_modes.close_to_others(host.settings)


def migrate(connection: sa.Connection) -> None:
    """Migrate. Only one process at a time does this."""
    arguments = current_app.extensions["migrate"].configure_args
    # Servers that start at the same time all migrate: the second one finds nothing to do.
    with (
        connection,
        engines.migrating(connection, host.settings.instance_dir),
    ):
        context.configure(
            connection=connection,
            target_metadata=host.database.metadata,
            transaction_per_migration=True,
            **arguments,
        )
        with context.begin_transaction():
            context.run_migrations()


ERRORS = (ImageHostError, sa.exc.SQLAlchemyError, sqlite3.Error, psycopg2.Error)


def refusal(done: str, error: Exception) -> SystemExit:
    """Return an exit with the first line of the database's error."""
    reason = str(error.__cause__ or error).strip().splitlines()[0]
    return SystemExit(f"imagehost: the database {engine.url} cannot be {done}: {reason}")


if context.is_offline_mode():
    raise SystemExit("Migrations need the database; there is no offline mode.")
run()
