"""``flask assets``: write the files that nginx serves without the application."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from imagehost.cli.output import as_json, command, print_result
from imagehost.server import nginx_files
from imagehost.web.assets import release


@click.command("assets")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@as_json
@with_appcontext
@command
def assets(*, folder: Path, as_json: bool) -> None:
    """Write static files, error pages and types into DIR, for nginx. What older releases wrote stays."""
    files = nginx_files.write_nginx_files(folder)
    text = f"{folder} has the {files} files of release {release()}."
    print_result({"folder": str(folder), "release": release(), "files": files}, text, as_json=as_json)
