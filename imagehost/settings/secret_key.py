"""The secret key of a host without the setting: it is made once and stored in the instance folder."""

import secrets
from pathlib import Path

from imagehost.files.atomic_files import replacing
from imagehost.files.locks import locked_folder

KEY_FILE = "secret_key"
BYTES = 32


def kept_secret_key(instance: Path) -> str:
    """Return the secret key in the instance folder. Make it first if there is none."""
    path = instance / KEY_FILE
    if is_key_missing(path):
        # Several processes may start at the same time: the first one makes the key.
        with locked_folder(instance):
            if is_key_missing(path):
                with replacing(path, mode=0o600, flush=True) as file:
                    file.write(secrets.token_hex(BYTES).encode())
    return path.read_text()


def is_key_missing(path: Path) -> bool:
    """Tell whether there is no key: no file, or an empty one."""
    return not path.exists() or not path.stat().st_size
