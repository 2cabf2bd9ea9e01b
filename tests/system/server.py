"""The real server, as ``make run`` starts it: ``python -m imagehost``."""

import http.client
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from imagehost.settings.reader import ROOT
from tests.forked import Forked
from tests.ports import free_port

MAKE_RUN = ["make", "run"]

SECONDS_TO_START = 60
SECONDS_TO_STOP = 20


class Server:
    """A server in a separate session. All its processes end with the ``with`` block."""

    def __init__(self, folder: Path, command: Sequence[str] = (), **settings: object) -> None:
        """``command`` starts the server. Without it, the server is forked, which is faster."""
        self.folder = folder
        self.command = command
        self.port = int(settings.get("WEB_SERVER_START_PORT") or free_port())
        self.url = f"http://127.0.0.1:{self.port}"
        given = {"WEB_SERVER_WORKERS": 2, "RATE_LIMIT_ENABLED": "false", **settings}
        own = {"INSTANCE_DIR": folder, "WEB_SERVER_START_PORT": self.port}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        self.environment = {**inherited, **{name: str(value) for name, value in {**given, **own}.items()}}
        self.output = folder / "output"

    def __enter__(self) -> Self:
        self.launch()
        try:
            wait_until(self.is_up, "the server does not answer", SECONDS_TO_START)
        except BaseException:
            print(self.logs())  # noqa: T201  # pytest shows it with the failure
            self.kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self.process.poll() is None:
                self.stop()
        finally:
            self.kill()
            if error is not None:
                print(self.logs())  # noqa: T201  # as above

    def launch(self) -> None:
        """Start the server, and do not wait for it."""
        self.process: Forked | subprocess.Popen[bytes]
        self.output.touch()
        if not self.command:
            self.process = Forked(["imagehost"], self.environment, self.output)
            return
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def stop(self) -> float:
        """Ask the server to stop, wait until it has, and return the seconds."""
        begin = time.monotonic()
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(SECONDS_TO_STOP)
        wait_until(lambda: not self.processes(), "processes are left", SECONDS_TO_STOP)
        return time.monotonic() - begin

    def kill(self) -> None:
        """Kill every process of the server at once, like a power failure."""
        if self.processes():
            os.killpg(self.process.pid, signal.SIGKILL)
        # A process that was just forked is in no group of its own yet.
        self.process.kill()
        self.process.wait(SECONDS_TO_STOP)
        wait_until(lambda: not self.processes(), "processes are left", SECONDS_TO_STOP)

    def answers(self) -> bool:
        """Return whether the server answers."""
        try:
            return requests.get(f"{self.url}/healthz", timeout=5).status_code == 200
        except requests.ConnectionError:
            return False

    def is_up(self) -> bool:
        """Return whether the server answers and every worker handles signals.

        gunicorn loses earlier signals.
        """
        assert self.process.poll() is None, "the server ended"
        workers = self.workers()
        expected = int(self.environment["WEB_SERVER_WORKERS"])
        return len(workers) == expected and all(map(catches_abort, workers)) and self.answers()

    def processes(self) -> list[int]:
        """Return the ids of the server's living processes, parents first."""
        return [pid for pid, _ in sorted(family(self.process.pid))]

    def workers(self) -> list[int]:
        """Return the ids of gunicorn's workers, the children of its first process."""
        alive = [(pid, parent) for pid, parent in family(self.process.pid) if not renders(pid)]
        children = [pid for pid, parent in alive if parent == self.process.pid]
        # If make is the first process, gunicorn is its child.
        return [pid for pid, parent in alive if parent in children] or children

    def renderers(self) -> list[int]:
        """Return the ids of the renderer's servers, and of the processes that they forked."""
        return [pid for pid in self.processes() if renders(pid)]

    def connect(self) -> http.client.HTTPConnection:
        """Open a connection to the server."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def app_log(self) -> str:
        """Return the content of app.log."""
        path = self.folder / "logs" / "app.log"
        return path.read_text() if path.exists() else ""

    def logs(self) -> str:
        """Return all logs that may show why a test failed."""
        return f"--- output\n{self.output.read_text()}\n--- app.log\n{self.app_log()[-20000:]}"


def family(group: int) -> list[tuple[int, int]]:
    """Return every living process of a group, with its parent."""
    found = []
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):  # noqa: PTH208  # tests wait for this
        try:
            if os.getpgid(pid) != group:
                continue
            # The name before it is in brackets, and may contain any characters.
            state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue  # the process has ended
        if state not in "ZX":
            found.append((pid, int(parent)))
    return found


def renders(process: int) -> bool:
    """Return whether a process is a server of the renderer, or was forked by one."""
    try:
        return b"imagehost.imaging.fork_server" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False  # the process has ended


def catches_abort(process: int) -> bool:
    """Return whether a process has a handler for SIGABRT, which a worker installs after all others."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False  # the process has ended
    caught = int(status.partition("SigCgt:")[2].split()[0], 16)
    return bool(caught >> (signal.SIGABRT - 1) & 1)


def wait_until(condition: Callable[[], object], complaint: str, seconds: float = 30) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{complaint} after {seconds} s"
        time.sleep(0.02)
