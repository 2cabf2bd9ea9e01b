"""``flask backup prune`` and ``schedule``: create and remove backups automatically."""

from datetime import datetime, time
from threading import Event

import click

from imagehost.cli.backup import backup
from imagehost.cli.output import as_json, command, print_result
from imagehost.cli.status import serving
from imagehost.operations.backups.prune import KeepRule, prune_backups
from imagehost.operations.backups.schedule import BackupSchedule
from imagehost.web.binding import current_host

# This module adds two commands to the group.
__all__ = ["backup"]

KEEPING = (
    ("hours", 24, "Within how many hours of the newest to keep every backup."),
    ("monthly", 6, "How many monthly backups to keep."),
    ("weekly", 4, "How many weekly backups to keep."),
    ("daily", 7, "How many daily backups to keep."),
)


def keeping(view: click.decorators.FC) -> click.decorators.FC:
    """Add the options that select the backups to keep: the fields of a KeepRule."""
    for name, number, text in KEEPING:
        view = click.option(
            f"--keep-{name}", name, type=click.IntRange(0), default=number, show_default=True, help=text
        )(view)
    return view


@backup.command()
@keeping
@click.option("--dry-run", is_flag=True, help="Say what would go, and remove nothing.")
@as_json
@command
def prune(*, dry_run: bool, as_json: bool, **kept: int) -> None:
    """Remove old backups; the newest sound one of each last day, week and month stays."""
    gone = [one.name for one in prune_backups(current_host(), KeepRule(**kept), dry_run=dry_run)]
    verb = "would go" if dry_run else "removed"
    print_result(
        {"removed": gone, "dry_run": dry_run},
        "\n".join([f"{verb}: {name}" for name in gone]) or "Nothing to remove.",
        as_json=as_json,
    )


@backup.command()
@click.option(
    "--at",
    "moment",
    type=click.DateTime(["%H:%M"]),
    default="03:00",
    show_default=True,
    help="When, each day.",
)
@keeping
@click.option("--host", default="127.0.0.1", show_default=True, help="Where /readyz is answered.")
@click.option("--port", type=click.IntRange(1, 65535), default=8090, show_default=True)
@command
def schedule(*, moment: datetime, host: str, port: int, **kept: int) -> None:
    """Make, verify and prune backups every day, until stopped."""
    at = time(moment.hour, moment.minute)
    plan = BackupSchedule(current_host(), at, KeepRule(**kept))
    with serving(plan.problem, host, port):
        click.echo(f"Backups are made at {at:%H:%M} each day. State: http://{host}:{port}/readyz")
        plan.run(Event())
