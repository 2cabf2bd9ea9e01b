"""The application, for gunicorn and for ``flask`` commands."""

from imagehost import create_app, modes

modes.restrict()
app = create_app()
