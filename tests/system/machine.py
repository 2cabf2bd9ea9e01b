"""A plain machine that is set up as in docs/operations.md, below a folder of the tests.

It really runs the programs of this machine, except those in ``stand_ins``.
"""

import grp
import os
import pwd
import re
import shlex
import subprocess
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import requests

from imagehost import create_app
from imagehost.operations.backups.create import create_backup
from tests.applications import close, host_of
from tests.ports import free_port
from tests.postgres import Postgres
from tests.system import manual, stand_ins, truth
from tests.system.manual import Block, Command
from tests.system.server import wait_until
from tests.system.stand_ins import write

PRELUDE = "\n".join(command.text for command in manual.OPERATIONS["How commands are run"][0].commands)

SETTINGS = "LISTEN_ADDRESSES=127.0.0.1\nNGINX_WORKERS=1\nWEB_SERVER_WORKERS=1\nRATE_LIMIT_ENABLED=false"
"""Settings with which the host needs few resources, and other machines cannot reach it."""
PATIENCE = 20
"""The maximum number of seconds until a started service answers."""


class Machine:
    """A machine that executes the commands of the document, with its own names instead of those in it."""

    def __init__(self, folder: Path, postgres: Postgres, database: str = "imagehost") -> None:
        self.folder = folder
        self.database = postgres.url(database)
        self.project = folder / "srv" / "imagehost"
        self.instance = self.project / "instance"
        self.images = self.instance / "images"
        self.backups = self.instance / "backups"
        self.inside: Sequence[str] = ()
        """A command that runs another one, for example in a namespace."""
        first = free_port(in_a_row=6)
        self.direct, self.proxied, self.pages = (f"http://127.0.0.1:{first + port}" for port in (4, 0, 1))
        later = datetime.now() + timedelta(hours=12)  # noqa: DTZ005  # in the time zone of this machine
        self.names = {
            "https://git.example.org/imagehost.git": f"{folder.parent}/origin",
            "backup@nas.example.org:": f"{folder.parent}/nas/",
            "new.example.org:/srv/imagehost": f"{folder.parent}/new/srv/imagehost",
            "postgresql:///imagehost": f"postgresql:///{database}",
            "/srv/imagehost": str(self.project),
            "/etc/": f"{folder}/etc/",
            "/mnt/": f"{folder}/mnt/",
            "http://localhost:8090": f"http://127.0.0.1:{first + 2}",
            "--port 8090": f"--port {first + 2}",
            # No backup may be due during a test.
            "--at 03:00": f"--at {later:%H:%M}",
            "HTTP_LISTEN_PORT=80": f"API_LISTEN_PORT={first}\nHTTP_LISTEN_PORT={first + 1}\n{SETTINGS}",
            "WEB_SERVER_START_PORT=8010": f"WEB_SERVER_START_PORT={first + 4}",
            "su imagehost imagehost": f"su {user_and_group()}",
        }
        self.environment = stand_ins.install(folder, postgres)
        for place in ("mnt", "srv"):
            (folder / place).mkdir()

    def provide(self, *, sqlite: bool = False) -> None:
        """Set up the machine like the document, but with fewer steps, and without the database."""
        self.run(manual.OPERATIONS["On a plain machine"][1].commands[0])
        # The remaining steps of an installation only make the host faster, and take a while.
        self.run(Command("#", "cd /srv/imagehost && python3 -m venv .venv"))
        for block in manual.OPERATIONS["On a plain machine"]:
            if block.file:
                self.do(block)
        if sqlite:
            self.database = f"sqlite:///{self.instance}/imagehost.db"
            settings = self.project / ".env"
            settings.write_text(settings.read_text().replace("DATABASE_URL=", "#"))

    def spare(self, unit: str) -> None:
        """Replace a service that a test does not need by an idle one, since its start takes a while."""
        path = self.folder / "etc/systemd/system" / f"{unit}.service"
        path.write_text(re.sub("ExecStart=.*", "ExecStart=sleep infinity", path.read_text()))

    def follow(self, heading: str, only: int | None = None, failing: Collection[str] = ()) -> str:
        """Execute the blocks below a heading, or only one of them, and return all output.

        ``failing`` are the beginnings of commands that must fail.
        """
        found = [block for block in manual.OPERATIONS[heading] if block.file or block.kind == "console"]
        assert found, f"there is nothing to do below {heading}"
        chosen = found if only is None else [found[only]]
        return "".join(self.do(block, failing) for block in chosen)

    def do(self, block: Block, failing: Collection[str] = ()) -> str:
        """Write the file of a block, or run its commands one after the other."""
        if block.file:
            write(Path(self.named(block.file)), self.named(block.text))
            return ""
        return "".join(
            self.run(command, fails=command.text.startswith(tuple(failing))) for command in block.commands
        )

    def run(self, command: Command, *, fails: bool = False) -> str:
        """Run a command in a new shell that is prepared as in the document, and return its output."""
        script = self.named(f"{PRELUDE}\n{command.text}" if command.prompt == "$" else command.text)
        ended = subprocess.run(
            [*self.inside, "bash", "-ec", script],
            cwd=self.folder,
            # The server of commands is not inside.
            env={**self.environment, "PRELOADED_SOCKET": ""} if self.inside else self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        assert bool(ended.returncode) == fails, f"{script}\n{ended.returncode}: {ended.stdout}"
        if "imagehost-nginx" in command.text and self.url == self.proxied:
            # systemctl does not wait until nginx answers.
            wait_until(lambda: answers(f"{self.url}/healthz"), "nginx does not answer", PATIENCE)
        return ended.stdout

    def named(self, text: str) -> str:
        """Replace the names in the document by those of this machine."""
        names = {**self.names, "http://localhost:8000": self.url}
        # Replaced text is not searched again.
        text = re.sub("|".join(map(re.escape, names)), lambda found: names[found[0]], text)
        # An earlier command of the document may have made this backup.
        return text.replace("backup_2026-11-25_040000", self.newest() or "none")

    def choose(self, *, backup: str | None = None, image: str | None = None) -> None:
        """Set the backup and the image that names in the document stand for from now on."""
        if backup:
            self.names["backup_2026-11-25_030000"] = backup
        if image:
            self.names["/k3/"] = f"/{image[:2]}/"
            self.names["k3v9x1q8m2p7d4zs.jpg"] = image
            self.names["k3v9x1q8m2p7d4zs"] = image.partition(".")[0]

    def newest(self) -> str | None:
        """The name of the newest backup."""
        return max((path.name for path in self.backups.glob("backup_*")), default=None)

    @property
    def url(self) -> str:
        """The address of the host: that of nginx if it runs."""
        return self.proxied if (self.folder / "run" / "imagehost-nginx.pid").exists() else self.direct

    def flask(self, *words: str) -> str:
        """Run a command of the host, and return its output."""
        return self.run(Command("$", shlex.join(["flask", *words])))

    def backup(self) -> str:
        """Make a backup that the name in the document stands for from now on, and return its name."""
        app = create_app(DATABASE_URL=self.database, INSTANCE_DIR=self.instance)
        name = create_backup(host_of(app)).backup.name
        close(app)
        self.choose(backup=name)
        return name

    def rows(self) -> dict[str, str]:
        return truth.rows(self.database)

    def assert_whole(self, expected: dict[str, str]) -> None:
        """Assert that the host works, and has exactly these images, bit for bit."""
        assert self.is_ready()
        truth.assert_exact(self.database, self.images, expected)

    def is_ready(self) -> bool:
        return requests.get(f"{self.url}/readyz", timeout=30).status_code == 200

    def upload(self, *contents: bytes, name: str = "x.png") -> list[str]:
        """Upload pictures, and return their filenames."""
        answers = [
            requests.post(f"{self.url}/upload", files={"file": (name, content)}, timeout=60)
            for content in contents
        ]
        assert {answer.status_code for answer in answers} == {200}, answers[-1].text
        return [answer.json()["filename"] for answer in answers]

    def end(self) -> None:
        """End all running services at once."""
        for path in (self.folder / "run").glob("*.pid"):
            self.run(Command("#", f"systemctl kill {path.stem}"))


def user_and_group() -> str:
    """Return the names of the user and of the group that run the tests."""
    return f"{pwd.getpwuid(os.geteuid()).pw_name} {grp.getgrgid(os.getegid()).gr_name}"


def answers(url: str) -> bool:
    """Return whether a server answers with any status."""
    try:
        requests.get(url, timeout=5)
    except requests.ConnectionError:
        return False
    return True
