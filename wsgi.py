"""The application, for gunicorn and for ``flask`` commands."""

from imagehost import create_app

app = create_app()
