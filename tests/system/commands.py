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
    command, given = [*inside, FLASK, *words], environment(**settings)
    if inside:
        return subprocess.run(
            command,
            cwd=ROOT,
            env=given,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    with tempfile.TemporaryDirectory() as folder:
        output, errors = Path(folder) / "output", Path(folder) / "errors"
        process = start(settings, *words, output=output, errors=errors)
        try:
            process.wait(timeout)
        finally:
            process.kill()
        return subprocess.CompletedProcess(command, process.wait(), output.read_text(), errors.read_text())


def start(settings: Mapping[str, object], *words: str, stopped: bool = False, **files: Path) -> Forked:
    """Start a flask command, and do not wait for it. ``files`` are for its output."""
    return Forked(["flask", *words], environment(**settings), stopped=stopped, **files)


def killed(settings: Mapping[str, object], *words: str, at: str, time: int = 1) -> int:
    """Run a flask command that is killed when it does a system call for the given time. Return its status."""
    process = start(settings, *words, stopped=True)
    wait_until(lambda: state(process.pid, "State")[0] == "T", "it does not stop")
    inject = f"--inject={at}:signal=KILL:when={time}"
    strace = ["strace", "-f", "-qq", "-o", os.devnull, f"--trace={at}", inject, f"--attach={process.pid}"]
    with subprocess.Popen(strace) as tracer:
        try:
            wait_until(lambda: state(process.pid, "TracerPid") != "0", "strace does not begin")
            process.send_signal(signal.SIGCONT)
            return process.wait(120)
        finally:
            process.kill()
            tracer.wait(20)


def state(process: int, name: str) -> str:
    """Return a value of /proc/PID/status."""
    return Path(f"/proc/{process}/status").read_text().partition(f"{name}:\t")[2].partition("\n")[0]


def flask(settings: Mapping[str, object], *words: str) -> dict[str, object]:
    """Run a command that must succeed, and return its JSON."""
    ended = run(settings, *words, "--json")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return json.loads(ended.stdout)
