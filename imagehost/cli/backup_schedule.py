"""``flask backup prune`` and ``schedule``: create and remove backups automatically."""

from datetime import datetime, time
from threading import Event

import click
from flask.cli import with_appcontext

from imagehost.cli.output import as_json, command, print_result
from imagehost.cli.status_server import serving
from imagehost.operations.backups.prune import KeepRule, prune_backups
from imagehost.operations.backups.schedule import BackupSchedule
from imagehost.web.binding import current_host

KEEPING = (
    ("hours", 24, "Keep all backups that were made less than this many hours before the newest one."),
    ("monthly", 6, "Number of monthly backups to keep."),
    ("weekly", 4, "Number of weekly backups to keep."),
    ("daily", 7, "Number of daily backups to keep."),
)


def keeping(view: click.decorators.FC) -> click.decorators.FC:
    """Add the options that select the backups to keep: the fields of a KeepRule."""
    for name, number, text in KEEPING:
        view = click.option(
            f"--keep-{name}", name, type=click.IntRange(0), default=number, show_default=True, help=text
        )(view)
    return view


@click.command()
@keeping
@click.option("--dry-run", is_flag=True, help="Only print which backups would be removed.")
@as_json
@with_appcontext
@command
def prune(*, dry_run: bool, as_json: bool, **kept: int) -> None:
    """Remove old backups.

    The newest undamaged backup of each of the last days, weeks and months is kept.
    """
    gone = [one.name for one in prune_backups(current_host(), KeepRule(**kept), dry_run=dry_run)]
    verb = "would be removed" if dry_run else "removed"
    print_result(
        {"removed": gone, "dry_run": dry_run},
        "\n".join([f"{verb}: {name}" for name in gone]) or "There are no backups to remove.",
        as_json=as_json,
    )


@click.command()
@click.option(
    "--at",
    "moment",
    type=click.DateTime(["%H:%M"]),
    default="03:00",
    show_default=True,
    help="Time of the daily backup, in the time zone of this machine.",
)
@keeping
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address at which /healthz and /readyz are served.",
)
@click.option("--port", type=click.IntRange(1, 65535), default=8090, show_default=True)
@with_appcontext
@command
def schedule(*, moment: datetime, host: str, port: int, **kept: int) -> None:
    """Create, verify and prune backups every day, until the command is stopped."""
    at = time(moment.hour, moment.minute)
    plan = BackupSchedule(current_host(), at, KeepRule(**kept))
    with serving(plan.problem, host, port):
        click.echo(f"Backups are made at {at:%H:%M} each day. State: http://{host}:{port}/readyz")
        plan.run(Event())
