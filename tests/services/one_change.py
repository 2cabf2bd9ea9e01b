"""Run one upload or deletion in a separate process, for a test that traces its system calls.

The processes are forked from one that has loaded all modules: to load them takes longer than the rest.
"""

import os
import sys
from io import BytesIO
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from imagehost import create_app
from imagehost.db import counts
from imagehost.domain import image_names
from tests.applications import change_host
from tests.forked import FORK_SERVER, allow_watching

NAME = "z" * image_names.NAME_LENGTH


def start(action: str, url: str, folder: Path, what: str) -> tuple[BaseProcess, Connection]:
    """Start a process that is ready for the change.

    It begins when the connection receives a message, and sends the answer of the host as bytes.
    """
    ours, its = FORK_SERVER.Pipe()
    process = FORK_SERVER.Process(target=make_change, args=(its, action, url, str(folder), what))
    process.start()
    its.close()
    assert ours.recv() == "ready"
    return process, ours


def make_change(connection: Connection, action: str, url: str, folder: str, what: str) -> None:
    """Upload the picture in the file ``what``, or delete the image with this id."""
    # Nothing is random, so every run makes the same calls.
    counts.SHARDS = 1
    app = create_app(DATABASE_URL=url, INSTANCE_DIR=folder, RATE_LIMIT_ENABLED=False)
    change_host(app, new_name=lambda: NAME)
    client = app.test_client()
    content = Path(what).read_bytes() if action == "upload" else b""
    allow_watching()
    connection.send("ready")
    connection.recv()
    if action == "upload":
        answer = client.post("/upload", data={"file": (BytesIO(content), "photo.jpg")})
    else:
        answer = client.delete(f"/delete/{what}")
    os.write(connection.fileno(), answer.get_data())
    sys.exit(answer.status_code != 200)
