"""Run commands like an administrator: each in a separate process."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from imagehost.settings.reader import ROOT
from tests.forked import Forked
from tests.system.server import wait_until

FLASK = str(Path(sys.executable).with_name("flask"))


def environment(**settings: object) -> dict[str, str]:
    """Return the environment of a command with these settings, and without those of the developer."""
    given = {name: str(value) for name, value in settings.items()}
    return {**os.environ, "FLASK_SKIP_DOTENV": "1", **given}


def run(
    settings: Mapping[str, object], *words: str, inside: Sequence[str] = (), timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run a flask command. ``inside`` is a command that runs another one."""
    if inside:
        return subprocess.run(
            [*inside, FLASK, *words],
            cwd=ROOT,
            env=environment(**settings),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    with tempfile.TemporaryDirectory() as folder:
        output, errors = Path(folder) / "output", Path(folder) / "errors"
        with start(settings, *words, output=output, errors=errors) as process:
            process.wait(timeout)
        return subprocess.CompletedProcess(words, process.returncode, output.read_text(), errors.read_text())


def start(settings: Mapping[str, object], *words: str, stopped: bool = False, **files: Path) -> Forked:
    """Start a flask command, and do not wait for it. ``files`` are for its output."""
    return Forked(["flask", *words], environment(**settings), stopped=stopped, **files)


def assert_killed(settings: Mapping[str, object], *words: str, at: str, nth: int = 1) -> None:
    """Run a flask command that is killed at its nth call of one of the system calls ``at``."""
    with (
        tempfile.NamedTemporaryFile("r") as output,
        start(settings, *words, stopped=True, output=Path(output.name)) as process,
    ):
        wait_until(lambda: status_field(process.pid, "State").startswith("T"), "it does not stop")
        inject = f"--inject={at}:signal=KILL:when={nth}"
        strace = ["strace", "-f", "-qq", "-o", os.devnull, f"--trace={at}", inject, f"--attach={process.pid}"]
        with subprocess.Popen(strace) as tracer:
            try:
                wait_until(lambda: status_field(process.pid, "TracerPid") != "0", "strace does not begin")
                process.send_signal(signal.SIGCONT)
                status = process.wait(120)
            finally:
                process.kill()
                tracer.wait(20)
        assert status == -signal.SIGKILL, output.read()


def status_field(process: int, name: str) -> str:
    """Return a value of /proc/PID/status."""
    return Path(f"/proc/{process}/status").read_text().partition(f"{name}:\t")[2].partition("\n")[0]


def flask(settings: Mapping[str, object], *words: str) -> dict[str, object]:
    """Run a command that must succeed, and return its JSON."""
    ended = run(settings, *words, "--json")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return json.loads(ended.stdout)
