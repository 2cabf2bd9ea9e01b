"""The ``flask`` commands. Each one calls a service."""

from typing import cast

import click
from flask import Flask

from imagehost.cli.assets import assets
from imagehost.cli.backup import backup
from imagehost.cli.backup_schedule import prune, schedule
from imagehost.cli.cleanup import cleanup
from imagehost.cli.database import copy_from
from imagehost.cli.images import images

COMMANDS: tuple[click.Command, ...] = (assets, backup, cleanup, images)


def init_app(app: Flask) -> None:
    """Register the commands."""
    for command in (prune, schedule):
        backup.add_command(command)
    for command in COMMANDS:
        app.cli.add_command(command)
    # This group belongs to Flask-Migrate.
    cast("click.Group", app.cli.commands["db"]).add_command(copy_from)
