"""The containers of a copy of the work tree, started by Docker Compose."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from imagehost.settings.reader import ROOT

PROJECT = "imagehost-stack"
SECONDS = 900


class Stack:
    """One project on the machine's engine.

    Its containers and volumes are removed when the ``with`` block ends.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        files = git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
        for file in filter(None, files):
            if (ROOT / file).exists():
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / file, folder / file)
        # Ignore all settings of this machine except ports, cores, and the files in COMPOSE_FILE.
        read = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "compose.yaml").read_text()))
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in read or name[-5:] in {"_PORT", "_CPUS"}
        }
        # All clients of the tests have one address, and request more lists than one client may.
        limits = {"LIST_RATE_LIMIT": "1000000/minute"}
        self.environment = {**kept, **limits, "COMPOSE_PROJECT_NAME": PROJECT}
        self.pages = f"http://127.0.0.1:{kept.get('HTTP_PORT', '80')}".removesuffix(":80")
        self.pages_too = f"http://127.0.0.1:{kept.get('HTTP_ALT_PORT', 8080)}"
        self.api = f"http://127.0.0.1:{kept.get('API_PORT', 8000)}"

    def __enter__(self) -> Self:
        self.remove()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error:
            subprocess.run(
                ["docker", "compose", "logs", "--tail=40"], cwd=self.folder, env=self.environment, check=False
            )
        self.remove()

    def remove(self) -> None:
        self.compose("down", "--volumes", "--remove-orphans")

    def compose(self, *arguments: str) -> str:
        """Run ``docker compose``, and return its output."""
        return self.docker("compose", "--progress=quiet", *arguments)

    def up(self, *arguments: str) -> None:
        """Start all services, and wait until they are healthy."""
        self.compose("up", "--detach", "--no-build", "--wait", *arguments)

    def docker(self, *arguments: str) -> str:
        done = subprocess.run(
            ["docker", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"docker {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def run(self, service: str, *command: str) -> str:
        """Run a command in the first container of a service."""
        return self.compose("exec", "-T", service, *command)

    def flask(self, *arguments: str) -> dict:
        """Run a command of the application, and return its JSON."""
        return json.loads(self.run("app", "flask", *arguments, "--json"))

    def containers(self, *services: str) -> list[dict]:
        """Return Docker's facts about the containers of some services or of all, including ended ones."""
        names = self.compose("ps", "--all", "--quiet", *services).split()
        return json.loads(self.docker("inspect", *names))

    def service_of(self, container: dict) -> str:
        return container["Config"]["Labels"]["com.docker.compose.service"]


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout
