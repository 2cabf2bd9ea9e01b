"""The time of an upload by stage: processor time and wall time in one worker, for 1 and 8 clients."""

import sys
from pathlib import Path
from typing import Any

import requests

from benchmarks import hosts, load
from benchmarks.measuring import Table
from tests.system.server import Server

SIZE = 200_000
ROUNDS = 3
SECONDS = 3


class Staged(Server):
    """The real server, with the application that has clocks."""

    def launch(self) -> None:
        """Migrate the database, then start the server with that application."""
        gunicorn = "gunicorn -c python:imagehost.gunicorn benchmarks.staged:app"
        self.command = ["sh", "-c", f'"$0" -m flask db upgrade && "$0" -m {gunicorn}; exit', sys.executable]
        super().launch()


def measure() -> list[Table]:
    """Return a table for each number of clients."""
    with (
        hosts.host("postgresql", server_class=Staged, WEB_SERVER_WORKERS=1) as host,
        hosts.empty_folder() as folder,
    ):
        picture = folder / "picture.jpg"
        picture.write_bytes(load.jpeg(SIZE))
        # The first uploads are not measured: they open connections and create folders.
        spent(host, picture, 8)
        return [stages(host, picture, clients) for clients in (1, 8)]


def stages(host: hosts.Host, picture: Path, clients: int) -> Table:
    """Return a table with the milliseconds per upload."""
    found = [spent(host, picture, clients) for _ in range(ROUNDS)]
    many = f"{clients} client{'s' if clients > 1 else ''}"
    table = Table(f"Stages of an upload of 200 kB (PostgreSQL, one worker, {many})")
    for kind, words in (("processor", "processor"), ("wall", "processor and waiting")):
        each = [
            {stage: 1000 * seconds / of["requests"] for stage, seconds in of[kind].items()} for of in found
        ]
        for stage in sorted(each[0], key=lambda stage: -each[0][stage]):
            table.add(f"{words}: {stage}", [one[stage] for one in each], "ms")
        table.add(f"{words}: all", [sum(one.values()) for one in each], "ms")
    return table


def spent(host: hosts.Host, picture: Path, clients: int) -> dict[str, Any]:
    """Upload for a while. Return the seconds of each stage, and the number of uploads."""
    requests.get(f"{host.server.url}/stages", timeout=30)
    load.wrk(host.url, clients=clients, seconds=SECONDS, script="upload", picture=picture)
    found: dict[str, Any] = requests.get(f"{host.server.url}/stages", timeout=30).json()
    return found
