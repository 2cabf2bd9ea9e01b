"""A plain machine as docs/operations.md sets one up, below a folder of the tests' own.

The programs are this machine's, and really run, but for those in ``stand_ins``.
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
from tests.conftest import close, host_of
from tests.ports import free_port
from tests.postgres import Postgres
from tests.system import manual, stand_ins, truth
from tests.system.manual import Block, Command
from tests.system.server import wait_until
from tests.system.stand_ins import write

PRELUDE = "\n".join(command.text for command in manual.OPERATIONS["How commands are run"][0].commands)

SETTINGS = "LISTEN_ADDRESSES=127.0.0.1\nNGINX_WORKERS=1\nWEB_SERVER_WORKERS=1\nRATE_LIMIT_ENABLED=false"
"""So that it takes little, and other machines do not see it."""
PATIENCE = 20
"""Seconds until what was started answers."""


class Machine:
    """Does what stands in the document, to the letter but for the names that it says stand for others."""

    def __init__(self, folder: Path, postgres: Postgres, database: str = "imagehost") -> None:
        self.folder = folder
        self.database = postgres.url(database)
        self.project = folder / "srv" / "imagehost"
        self.instance = self.project / "instance"
        self.images = self.instance / "images"
        self.backups = self.instance / "backups"
        self.inside: Sequence[str] = ()
        """A command that runs another one: in a namespace, say."""
        first = free_port(in_a_row=6)
        self.direct, self.proxied, self.pages = (f"http://127.0.0.1:{first + port}" for port in (4, 0, 1))
        later = datetime.now() + timedelta(hours=12)  # noqa: DTZ005  # by this machine's clock
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
            # Not in the middle of a test.
            "--at 03:00": f"--at {later:%H:%M}",
            "HTTP_LISTEN_PORT=80": f"API_LISTEN_PORT={first}\nHTTP_LISTEN_PORT={first + 1}\n{SETTINGS}",
            "WEB_SERVER_START_PORT=8010": f"WEB_SERVER_START_PORT={first + 4}",
            "su imagehost imagehost": f"su {user_and_group()}",
        }
        self.environment = stand_ins.install(folder, postgres)
        for place in ("mnt", "srv"):
            (folder / place).mkdir()

    def provide(self, *, sqlite: bool = False) -> None:
        """Set it up as the document does, but in short, and without the database."""
        self.run(manual.OPERATIONS["On a plain machine"][1].commands[0])
        # The rest of an installation makes it quicker, and takes a while.
        self.run(Command("#", "cd /srv/imagehost && python3 -m venv .venv"))
        for block in manual.OPERATIONS["On a plain machine"]:
            if block.file:
                self.do(block)
        if sqlite:
            self.database = f"sqlite:///{self.instance}/imagehost.db"
            settings = self.project / ".env"
            settings.write_text(settings.read_text().replace("DATABASE_URL=", "#"))

    def spare(self, unit: str) -> None:
        """Let a service do nothing from now on, where it has no part in a test: its start takes a while."""
        path = self.folder / "etc/systemd/system" / f"{unit}.service"
        path.write_text(re.sub("ExecStart=.*", "ExecStart=sleep infinity", path.read_text()))

    def follow(self, heading: str, only: int | None = None, failing: Collection[str] = ()) -> str:
        """Do what stands below a heading, or in one of its blocks; give all that was printed.

        ``failing`` are beginnings of the commands that have to end with another status than 0.
        """
        found = [block for block in manual.OPERATIONS[heading] if block.file or block.kind == "console"]
        assert found, f"there is nothing to do below {heading}"
        chosen = found if only is None else [found[only]]
        return "".join(self.do(block, failing) for block in chosen)

    def do(self, block: Block, failing: Collection[str] = ()) -> str:
        """Write the file that a block is, or run its commands one after the other."""
        if block.file:
            write(Path(self.named(block.file)), self.named(block.text))
            return ""
        return "".join(
            self.run(command, fails=command.text.startswith(tuple(failing))) for command in block.commands
        )

    def run(self, command: Command, *, fails: bool = False) -> str:
        """Type a command into a new shell, prepared as the document says; give what was printed."""
        script = self.named(f"{PRELUDE}\n{command.text}" if command.prompt == "$" else command.text)
        ended = subprocess.run(
            [*self.inside, "bash", "-ec", script],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        assert bool(ended.returncode) == fails, f"{script}\n{ended.returncode}: {ended.stdout}"
        if "imagehost-nginx" in command.text and self.url == self.proxied:
            # systemctl does not wait for it.
            wait_until(lambda: answers(f"{self.url}/healthz"), "nginx does not answer", PATIENCE)
        return ended.stdout

    def named(self, text: str) -> str:
        """Put the names of this machine in the places of those that the document has."""
        names = {**self.names, "http://localhost:8000": self.url}
        # What was replaced is not looked at again.
        text = re.sub("|".join(map(re.escape, names)), lambda found: names[found[0]], text)
        # Made by the command before, perhaps.
        return text.replace("backup_2026-11-25_040000", self.newest() or "none")

    def choose(self, *, backup: str | None = None, image: str | None = None) -> None:
        """Say which backup and which image the document is about now."""
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
        """Where it is reached: by nginx, where that runs."""
        return self.proxied if (self.folder / "run" / "imagehost-nginx.pid").exists() else self.direct

    def flask(self, *words: str) -> str:
        """Run a command of the host; give what it printed."""
        return self.run(Command("$", shlex.join(["flask", *words])))

    def backup(self) -> str:
        """Make a backup that the document is about from now on; give its name."""
        app = create_app(DATABASE_URL=self.database, INSTANCE_DIR=self.instance)
        name = create_backup(host_of(app)).backup.name
        close(app)
        self.choose(backup=name)
        return name

    def rows(self) -> dict[str, str]:
        return truth.rows(self.database)

    def assert_whole(self, expected: dict[str, str]) -> None:
        """It works, and has these images, bit for bit, and nothing else."""
        assert self.is_ready()
        truth.assert_exact(self.database, self.images, expected)

    def is_ready(self) -> bool:
        return requests.get(f"{self.url}/readyz", timeout=30).status_code == 200

    def upload(self, *contents: bytes, name: str = "x.png") -> list[str]:
        """Upload pictures; give their filenames."""
        answers = [
            requests.post(f"{self.url}/upload", files={"file": (name, content)}, timeout=60)
            for content in contents
        ]
        assert {answer.status_code for answer in answers} == {200}, answers[-1].text
        return [answer.json()["filename"] for answer in answers]

    def end(self) -> None:
        """End whatever runs, at once."""
        for path in (self.folder / "run").glob("*.pid"):
            self.run(Command("#", f"systemctl kill {path.stem}"))


def user_and_group() -> str:
    """The names of those that the tests run as."""
    return f"{pwd.getpwuid(os.geteuid()).pw_name} {grp.getgrgid(os.getegid()).gr_name}"


def answers(url: str) -> bool:
    """Tell whether anybody is there, whatever the answer is."""
    try:
        requests.get(url, timeout=5)
    except requests.ConnectionError:
        return False
    return True
