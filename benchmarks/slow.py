"""512 clients that upload slowly: nginx's memory, and the waiting time of another visitor meanwhile."""

from functools import partial

import requests

from benchmarks import hosts, thumbnails
from benchmarks.measuring import Table, timed
from tests.system import slow_bodies

SLOW = 512
ROUNDS = 3
REQUESTS = 200
MOST_MEMORY = 128
"""The maximum memory of nginx in MiB: half of the limit in compose.yaml."""
MOST_OF_ALONE = 2


def measure() -> list[Table]:
    """Return a table."""
    table = Table(f"{SLOW} slow uploads of 505 kB from four addresses")
    alone, crowded, before, during = [], [], [], []
    with hosts.host("sqlite") as host:
        paths = visited(host)
        p99(host, paths)
        for _ in range(ROUNDS):
            before.append(slow_bodies.memory(host.nginx) / 2**20)
            alone.append(p99(host, paths))
            with slow_bodies.begun(host.nginx, SLOW):
                crowded.append(p99(host, paths))
                during.append(slow_bodies.memory(host.nginx) / 2**20)
    table.add("nginx's memory before", before, "MiB")
    table.add("nginx's memory meanwhile", during, "MiB", most=MOST_MEMORY)
    table.add("another visitor, p99, alone", [1000 * one for one in alone], "ms")
    table.add("another visitor, p99, meanwhile", [1000 * one for one in crowded], "ms")
    table.ratio("during slow uploads, compared with alone", crowded, alone, most=MOST_OF_ALONE)
    return [table]


def visited(host: hosts.Host) -> list[str]:
    """Upload a photograph, and return the paths that a visitor requests."""
    files = {"file": ("x.jpg", thumbnails.jpeg(1600, 1200))}
    image = requests.post(f"{host.url}/upload", files=files, timeout=60).json()
    name = image["filename"]
    return ["/", "/images-list", f"/images/{name}", f"/thumbnails/{name}.webp"]


def p99(host: hosts.Host, paths: list[str]) -> float:
    """Send requests repeatedly, and return the 99th percentile of the seconds."""
    with requests.Session() as session:

        def ask(path: str) -> None:
            session.get(host.url + path, timeout=60).raise_for_status()

        turns = [paths[number % len(paths)] for number in range(REQUESTS)]
        seconds = sorted(timed(partial(ask, path)) for path in turns)
    return seconds[len(seconds) * 99 // 100]
