"""The time from ``make run``, the second time, to the first answer, and the parts of it."""

import socket
import subprocess
import sys
import time

from benchmarks import hosts
from benchmarks.measuring import Table, timed
from tests.system.server import MAKE_RUN, Server

ROUNDS = 5
MOST = 1.5
REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def measure() -> list[Table]:
    """Return one table."""
    table = Table("Start")
    starts = [start() for _ in range(ROUNDS + 1)][1:]
    python = timed_python("pass")
    imports = timed_python("import imagehost")
    with hosts.empty_folder() as folder:
        built = timed_python(f"import imagehost; imagehost.create_app(INSTANCE_DIR={str(folder)!r})")
    table.add("make run, the second time, to the first answer", starts, "s", most=MOST)
    table.add("of that: Python itself", python, "s")
    table.add("of that: import imagehost", differences(imports, python), "s")
    table.add("of that: create_app()", differences(built, imports), "s")
    return [table]


def differences(ones: list[float], others: list[float]) -> list[float]:
    """Return the differences of the values in each round."""
    return [one - other for one, other in zip(ones, others, strict=True)]


def timed_python(code: str) -> list[float]:
    """Return the seconds that a line of Python takes in a new process."""
    command = [sys.executable, "-c", code]
    return [timed(lambda: subprocess.run(command, check=True)) for _ in range(ROUNDS)]


def start() -> float:
    """Start a host for the second time, and return the seconds until the first answer."""
    with hosts.empty_folder() as folder:
        server = Server(folder, MAKE_RUN, WEB_SERVER_WORKERS=hosts.CORES)
        with server:
            pass
        begin = time.perf_counter()
        server.launch()
        try:
            while not answers(server.port):
                time.sleep(0.005)
            return time.perf_counter() - begin
        finally:
            server.kill()


def answers(port: int) -> bool:
    """Return whether the server answers."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
            line.sendall(REQUEST)
            return line.recv(12).endswith(b"200")
    except OSError:
        return False
