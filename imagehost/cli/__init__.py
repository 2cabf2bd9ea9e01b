"""The ``flask`` commands: thin doors to services."""

import click
from flask import Flask

COMMANDS: tuple[click.Command, ...] = ()


def init_app(app: Flask) -> None:
    """Register the commands."""
    for command in COMMANDS:
        app.cli.add_command(command)
