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
    """Copy all rows of the database at URL into the database of this host, which must be empty."""
    rows = copying.copy_database(current_host().database, url, bar)
    print_result(
        {"rows": rows},
        f"The rows of {rows['images']} images were copied. The image files were not copied or moved.",
        as_json=as_json,
    )
