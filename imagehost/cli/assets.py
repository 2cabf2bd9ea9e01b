"""``flask assets``: what a web server in front serves by itself."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from imagehost import webroot
from imagehost.assets import release
from imagehost.cli.door import as_json, command, tell


@click.command("assets")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@as_json
@with_appcontext
@command
def assets(*, folder: Path, as_json: bool) -> None:
    """Write static files, error pages and types into DIR, for nginx. What older releases wrote stays."""
    files = webroot.write(folder)
    text = f"{folder} has the {files} files of release {release()}."
    tell({"folder": str(folder), "release": release(), "files": files}, text, as_json=as_json)
