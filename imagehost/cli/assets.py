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
    """Write the files for nginx to DIR.

    These are static files, error pages, and lists of image types and host names. Files of older releases are
    kept.
    """
    files = nginx_files.write_nginx_files(folder)
    text = f"Wrote {files} files of release {release()} to {folder}."
    print_result({"folder": str(folder), "release": release(), "files": files}, text, as_json=as_json)
