"""Runs migrations on the application's own engine."""

import logging
import sqlite3

import psycopg2
import sqlalchemy as sa
from alembic import context
from flask import current_app

from imagehost.db import engines
from imagehost.domain.errors import ImageHostError
from imagehost.operations import file_modes

db = current_app.extensions["migrate"].db
log = logging.getLogger("imagehost.cli.migrations")


def run() -> None:
    """Bring the database to the revision asked for, each migration in its own transaction."""
    try:
        connection = db.engine.connect()
    except ERRORS as error:
        raise refusal("opened", error) from None
    try:
        migrate(connection)
    except ERRORS as error:
        log.exception("migration failed")
        raise refusal("migrated", error) from None
    # Every upgrade comes by here.
    file_modes.close_to_others(current_app.extensions["imagehost.settings"])


def migrate(connection: sa.Connection) -> None:
    """Migrate, one process at a time."""
    arguments = current_app.extensions["migrate"].configure_args
    # Servers that start at the same moment each migrate: the second finds nothing left to do.
    with (
        connection,
        engines.migrating(connection, current_app.extensions["imagehost.settings"].instance_dir),
    ):
        context.configure(
            connection=connection, target_metadata=db.metadata, transaction_per_migration=True, **arguments
        )
        with context.begin_transaction():
            context.run_migrations()


ERRORS = (ImageHostError, sa.exc.SQLAlchemyError, sqlite3.Error, psycopg2.Error)


def refusal(done: str, error: Exception) -> SystemExit:
    """Say in one line what the database says."""
    reason = str(error.__cause__ or error).strip().splitlines()[0]
    return SystemExit(f"imagehost: the database {db.engine.url} cannot be {done}: {reason}")


if context.is_offline_mode():
    raise SystemExit("Migrations need the database; there is no offline mode.")
run()
