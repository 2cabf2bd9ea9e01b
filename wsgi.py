"""The application, for gunicorn and for ``flask`` commands."""

from imagehost import create_app
from imagehost.operations import file_modes

file_modes.set_umask()
app = create_app()
