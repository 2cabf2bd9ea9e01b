"""The health check of the containers."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from imagehost.settings.reader import ROOT


class Answer(BaseHTTPRequestHandler):
    """An answer to /readyz with the status that its server has."""

    def do_GET(self) -> None:
        self.send_response(self.server.status if self.path == "/readyz" else HTTPStatus.NOT_FOUND)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(port: int) -> int:
    script = [sys.executable, ROOT / "docker" / "ready.py", str(port)]
    return subprocess.run(script, stderr=subprocess.DEVNULL, check=False).returncode


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (404, 1)])
def test_a_health_check_passes_where_the_server_is_ready(server, status, code):
    server.status = status
    assert ask(server.server_port) == code


def test_a_health_check_fails_without_an_answer(server):
    port = server.server_port
    server.server_close()
    assert ask(port) == 1
