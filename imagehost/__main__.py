"""Migrate the database, then serve, in one process: ``python -m imagehost``, as ``make run`` calls it.

One after the other, ``flask db upgrade`` and gunicorn would each import everything.
"""

import sys

from gunicorn.app import wsgiapp

from imagehost.extensions import db
from imagehost.settings import access
from wsgi import app


def main() -> None:
    """Do what ``flask db upgrade`` does, and its way of failing; then become gunicorn."""
    # Must run before the start changes anything.
    access.check(app.extensions["imagehost.settings"])
    try:
        app.cli.main(["db", "upgrade"], prog_name="flask", standalone_mode=True)
    except SystemExit as ended:
        if ended.code:
            raise
    # Else the workers would share its connections.
    with app.app_context():
        db.engine.dispose()
    sys.argv = ["gunicorn", "-c", "python:imagehost.gunicorn", "wsgi:app"]
    wsgiapp.run()


if __name__ == "__main__":
    main()
