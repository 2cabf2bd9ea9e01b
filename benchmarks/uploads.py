"""Uploads per second through nginx, gunicorn and the database, compared with the limits of the machine.

The two limits use the same bytes: nginx's own WebDAV ``PUT``, which flushes nothing, and a loop with as many
threads that only write, flush file and folder, and rename.
"""

import itertools
import os
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks import hosts, load
from benchmarks.measuring import Table, rounds

KB = 1000
PICTURES = {
    "200 kB": (200 * KB, False),
    "50 kB": (50 * KB, False),
    "3 MB": (3000 * KB, False),
    "200 kB with metadata": (200 * KB, True),
    "3 MB with metadata": (3000 * KB, True),
}
CLIENTS = [("200 kB", clients) for clients in (8, 1, 32)]
SIZES = [(name, 8) for name in PICTURES if name != "200 kB"]
CASES = {"postgresql": CLIENTS + SIZES, "sqlite": CLIENTS}
"""The pictures and the numbers of clients that send them at once.

The first case of each is measured longer.
"""
LEAST_OF_PUT, LEAST_OF_LOOP = 0.35, 0.7
"""The target is the lower of these two, for 200 kB by 8 clients to PostgreSQL."""

counter = itertools.count(1)
"""A counter that makes each picture different, in all rounds."""


def measure() -> list[Table]:
    """Return a table for each database."""
    # Remove all files at the end: after many files are removed, ext4 creates new ones more slowly for
    # minutes.
    with ExitStack() as running:
        return [against_limits(kind, running) for kind in CASES]


def against_limits(kind: str, running: ExitStack) -> Table:
    """Measure each case on a database, alternately with both limits, and return the table."""
    table = Table(f"Uploads ({kind}), as a share of what the machine can do")
    host = running.enter_context(hosts.host(kind))
    folder = running.enter_context(hosts.empty_folder())
    put = running.enter_context(hosts.bare_nginx(create_folder(folder / "put")))
    pictures = {name: folder / f"{name}.jpg" for name in PICTURES}
    for name, (size, metadata) in PICTURES.items():
        pictures[name].write_bytes(load.jpeg(size, metadata=metadata))
    warm_up(host, pictures["50 kB"])
    for name, clients in CASES[kind]:
        seconds = 2 if (name, clients) == CASES[kind][0] else 1
        acts = {
            "ours": partial(sent, host.url, pictures[name], clients, seconds),
            "put": partial(sent, put, pictures[name], clients, seconds, put=1),
            "loop": partial(flushed, folder / "loop", pictures[name], clients, seconds),
        }
        case = f"{name}, {clients} client{'s' * (clients > 1)}"
        add_case(table, case, rounds(2 * seconds + 1, acts))
    return table


def add_case(table: Table, case: str, found: dict[str, list[float]]) -> None:
    """Add the lines of a case, with the target if the case has one."""
    table.add(f"{case}: uploads a second", found["ours"], "/s")
    put, loop = (
        [one / other for one, other in zip(found["ours"], found[of], strict=True)] for of in ("put", "loop")
    )
    aimed = "postgresql" in table.title and case == "200 kB, 8 clients"
    table.add(f"{case}: of nginx's PUT", put, "×")
    table.add(f"{case}: of the flushing loop", loop, "×")
    if aimed:
        reached = [
            max(one / LEAST_OF_PUT, other / LEAST_OF_LOOP) for one, other in zip(put, loop, strict=True)
        ]
        table.add(f"{case}: of the aim, the lower of 0.35 PUT and 0.7 loop", reached, "×", least=1)


def create_folder(path: Path) -> Path:
    """Create a folder."""
    path.mkdir(exist_ok=True)
    return path


def sent(url: str, picture: Path, clients: int, seconds: int, **variables: object) -> float:
    """Upload for a while, and return the answers per second."""
    first = next(counter) * 1_000_000
    return load.wrk(
        url, clients=clients, seconds=seconds, script="upload", picture=picture, first=first, **variables
    ).per_second


def warm_up(host: hosts.Host, picture: Path) -> None:
    """Let the workers open connections and create folders."""
    sent(host.url, picture, 8, 1)


def flushed(folder: Path, picture: Path, threads: int, seconds: int) -> float:
    """Write and flush files for a while, and return the number per second."""
    content, ends = picture.read_bytes(), time.monotonic() + seconds
    kept = [0] * threads
    create_folder(folder)

    def keep(number: int) -> None:
        while time.monotonic() < ends:
            path = folder / f"{next(counter)}.jpg"
            keep_one(path, content)
            kept[number] += 1

    began = time.monotonic()
    together([partial(keep, number) for number in range(threads)])
    return sum(kept) / (time.monotonic() - began)


def keep_one(path: Path, content: bytes) -> None:
    """Write a file, flush it, rename it, and flush the folder."""
    draft = path.with_suffix(".draft")
    with draft.open("wb", buffering=0) as file:
        file.write(content)
        os.fsync(file.fileno())
    draft.rename(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def together(acts: list[Callable[[], None]]) -> None:
    """Run each function in a separate thread."""
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
