"""Run one upload or deletion in a separate process, for a test that traces its system calls.

``python -m tests.services.one_change upload|delete <database url> <instance folder> <picture file|id>``
"""

import ctypes
import os
import sys
from pathlib import Path

from imagehost import create_app
from imagehost.db import counts
from imagehost.domain import image_names
from tests.applications import change_host
from tests.conftest import as_upload

BEGIN = b"begin\n"
PR_SET_PTRACER = 0x59616D61
NAME = "z" * image_names.NAME_LENGTH


def main(action: str, url: str, folder: str, what: str) -> None:
    # Nothing is random, so every run makes the same calls.
    counts.SHARDS = 1
    app = create_app(DATABASE_URL=url, INSTANCE_DIR=folder, RATE_LIMIT_ENABLED=False)
    change_host(app, new_name=lambda: NAME)
    client = app.test_client()
    content = Path(what).read_bytes() if action == "upload" else b""
    allow_watching()
    os.write(1, BEGIN)
    os.read(0, 1)
    if action == "upload":
        answer = client.post("/upload", data=as_upload(content))
    else:
        answer = client.delete(f"/delete/{what}")
    os.write(1, answer.get_data())
    sys.exit(answer.status_code != 200)


def allow_watching() -> None:
    """Let any process of this user attach to this one. Some systems allow this only for parents (Yama)."""
    ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
