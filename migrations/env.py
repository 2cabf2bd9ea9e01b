"""Runs migrations on the application's own engine."""

import sqlite3

import sqlalchemy as sa
from alembic import context
from flask import current_app

from imagehost import database
from imagehost.errors import ImageHostError

db = current_app.extensions["migrate"].db


def run() -> None:
    """Bring the database to the revision asked for, each migration in its own transaction."""
    try:
        connection = db.engine.connect()
    except (ImageHostError, sa.exc.SQLAlchemyError, sqlite3.Error) as error:
        reason = str(error.__cause__ or error).strip().splitlines()[0]
        raise SystemExit(f"imagehost: the database {db.engine.url} cannot be opened: {reason}") from None
    arguments = current_app.extensions["migrate"].configure_args
    # Servers that start at the same moment each migrate: the second finds nothing left to do.
    with (
        connection,
        database.migrating(connection, current_app.extensions["imagehost.settings"].instance_dir),
    ):
        context.configure(
            connection=connection, target_metadata=db.metadata, transaction_per_migration=True, **arguments
        )
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("Migrations need the database; there is no offline mode.")
run()
