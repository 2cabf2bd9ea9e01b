"""The ``flask`` commands: thin doors to services."""

import click
from flask import Flask

from imagehost.cli.assets import assets
from imagehost.cli.cleanup import cleanup
from imagehost.cli.images import images
from imagehost.cli.nightly import backup

COMMANDS: tuple[click.Command, ...] = (assets, backup, cleanup, images)


def init_app(app: Flask) -> None:
    """Register the commands."""
    for command in COMMANDS:
        app.cli.add_command(command)
