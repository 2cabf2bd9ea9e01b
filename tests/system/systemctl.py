"""A replacement for systemd's systemctl without systemd: ``systemctl.py VERB [--now] UNIT…``.

It really runs services according to their units, each in a separate session and with a clean environment. The
units are in the folder UNITS, and the state of running services in the folder STATE.
"""

import configparser
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

UNITS = Path(os.environ["UNITS"])
STATE = Path(os.environ["STATE"])
SECONDS = 30


class Unit:
    """A service."""

    def __init__(self, name: str) -> None:
        self.name = name.removesuffix(".service")
        parser = configparser.ConfigParser(interpolation=None)
        parser.optionxform = str  # type: ignore[assignment,method-assign]  # keep the case of names
        if not parser.read(UNITS / f"{self.name}.service"):
            sys.exit(f"Unit {self.name}.service not found.")
        self.service = parser["Service"]
        self.pid_file = STATE / f"{self.name}.pid"
        self.log = STATE / f"{self.name}.log"

    def start(self) -> None:
        if self.is_active():
            return
        if "ExecStartPre" in self.service:
            self.run("ExecStartPre")
        if self.service.get("Type") == "oneshot":
            self.run("ExecStart")
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notes, self.log.open("ab") as log:
            address = STATE / f"{self.name}.notify"
            address.unlink(missing_ok=True)
            notes.bind(str(address))
            process = subprocess.Popen(
                shlex.split(self.service["ExecStart"]),
                cwd=self.service.get("WorkingDirectory"),
                env={**self.environment(), "NOTIFY_SOCKET": str(address)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                umask=self.umask(),
            )
            self.pid_file.write_text(str(process.pid))
            if self.service.get("Type") == "notify":
                self.wait_until_ready(notes)

    def run(self, option: str) -> None:
        """Run a command, and wait until it ends."""
        command = shlex.split(self.service[option])
        with self.log.open("ab") as log:
            done = subprocess.run(
                command,
                cwd=self.service.get("WorkingDirectory"),
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                umask=self.umask(),
                check=False,
            )
        if done.returncode:
            self.fail(f"{option} ended with status {done.returncode}")

    def umask(self) -> int:
        return int(self.service.get("UMask", "0022"), 8)

    def wait_until_ready(self, notes: socket.socket) -> None:
        notes.settimeout(0.1)
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline and self.is_active():
            try:
                if b"READY=1" in notes.recv(4096):
                    return
            except TimeoutError:
                continue
        self.fail("it is not ready")

    def fail(self, reason: str) -> None:
        sys.exit(f"{self.name}: {reason}\n{self.log.read_text()}")

    def environment(self) -> dict[str, str]:
        """Return systemd's environment, with this machine's programs and its PostgreSQL."""
        kept = ("PATH", "PGHOST", "PGPORT")
        given = [line.partition("=") for line in shlex.split(self.service.get("Environment", ""))]
        return {
            "PGUSER": self.service.get("User", "root"),
            **{name: os.environ[name] for name in kept},
            **{name: value for name, _, value in given},
        }

    def stop(self) -> None:
        """Ask the first process to end, then kill all processes that are left."""
        if self.is_active():
            os.kill(self.pid(), signal.Signals[self.service.get("KillSignal", "SIGTERM")])
            deadline = time.monotonic() + float(self.service.get("TimeoutStopSec", "90"))
            while self.is_active() and time.monotonic() < deadline:
                time.sleep(0.02)
        self.kill()

    def kill(self) -> None:
        """Kill every process of the service."""
        if self.pid_file.exists():
            with suppress(ProcessLookupError):
                os.killpg(self.pid(), signal.SIGKILL)
            self.pid_file.unlink()

    def pid(self) -> int:
        return int(self.pid_file.read_text())

    def is_active(self) -> bool:
        """Return whether the first process lives. A zombie does not."""
        try:
            return Path(f"/proc/{self.pid()}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
        except OSError:
            return False


def main(verb: str, *words: str) -> None:
    now = "--now" in words
    units = [Unit(word) for word in words if not word.startswith("--")]
    for unit in units:
        if verb in {"stop", "restart"} or (verb == "disable" and now):
            unit.stop()
        if verb == "kill":
            unit.kill()
        if verb in {"start", "restart"} or (verb == "enable" and now):
            unit.start()
    if verb == "status":
        for unit in units:
            print(unit.name, "active" if unit.is_active() else "inactive")  # noqa: T201  # like systemctl
        sys.exit(0 if all(unit.is_active() for unit in units) else 3)


if __name__ == "__main__":
    main(*sys.argv[1:])
