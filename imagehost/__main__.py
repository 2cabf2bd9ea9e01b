"""Migrate the database, then serve, in one process: ``python -m imagehost``.

``make run``, the systemd unit of docs/operations.md and the container call it.

As two processes, ``flask db upgrade`` and gunicorn would each import all modules.
"""

import sys

from gunicorn.app import wsgiapp

from imagehost.settings import access
from imagehost.web.binding import HOST
from wsgi import app


def main() -> None:
    """Run ``flask db upgrade``, exit with its status if it fails, then run gunicorn."""
    # This check must run before the database is changed.
    host = app.extensions[HOST]
    access.check_access(host.settings)
    try:
        app.cli.main(["db", "upgrade"], prog_name="flask", standalone_mode=True)
    except SystemExit as ended:
        if ended.code:
            raise
    # Otherwise the workers would share its connections.
    host.database.engine.dispose()
    sys.argv = ["gunicorn", "-c", "python:imagehost.gunicorn", "wsgi:app"]
    wsgiapp.run()


if __name__ == "__main__":
    main()
