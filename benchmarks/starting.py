"""From ``make run``, the second time, to the first answer; what importing and building takes of it."""

import socket
import subprocess
import sys
import time

from benchmarks import hosts
from benchmarks.measuring import Table, timed
from tests.system.server import Server

ROUNDS = 5
MOST = 1.5
REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def measure() -> list[Table]:
    """Fill one table."""
    table = Table("Start")
    starts = [start() for _ in range(ROUNDS + 1)][1:]
    python = timed_python("pass")
    imports = timed_python("import imagehost")
    with hosts.room() as folder:
        built = timed_python(f"import imagehost; imagehost.create_app(INSTANCE_DIR={str(folder)!r})")
    table.add("make run, the second time, to the first answer", starts, "s", most=MOST)
    table.add("of that: Python itself", python, "s")
    table.add("of that: import imagehost", differences(imports, python), "s")
    table.add("of that: create_app()", differences(built, imports), "s")
    return [table]


def differences(ones: list[float], others: list[float]) -> list[float]:
    """Subtract, a round each."""
    return [one - other for one, other in zip(ones, others, strict=True)]


def timed_python(code: str) -> list[float]:
    """Run a line of Python in a process of its own."""
    command = [sys.executable, "-c", code]
    return [timed(lambda: subprocess.run(command, check=True)) for _ in range(ROUNDS)]


def start() -> float:
    """Start a host a second time; give the seconds to the first answer."""
    with hosts.room() as folder:
        server = Server(folder, WEB_SERVER_WORKERS=hosts.CORES)
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
    """Tell whether the server answers."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
            line.sendall(REQUEST)
            return line.recv(12).endswith(b"200")
    except OSError:
        return False
