"""``flask db copy-from``, in addition to the commands of Flask-Migrate."""

import click
from flask.cli import with_appcontext

from imagehost.cli.output import as_json, bar, command, print_result
from imagehost.operations import copying
from imagehost.web.binding import current_host


@click.command("copy-from")
@click.argument("url")
@as_json
@with_appcontext
@command
def copy_from(*, url: str, as_json: bool) -> None:
    """Copy all rows of the database at URL into that of this host, which has to be new and empty."""
    rows = copying.copy_database(current_host().database, url, bar)
    print_result(
        {"rows": rows},
        f"{rows['images']} images are known here now. Their files stay where they are.",
        as_json=as_json,
    )
