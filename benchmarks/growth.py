"""How the cost of an upload, a deletion, the first page and of commands depends on the number of images.

One client sends requests to hosts of three sizes alternately. All three run at the same time. The result k
means that the cost grows as the number of images to the power of k.
"""

import http.client
import itertools
import os
import random
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

import sqlalchemy as sa

from benchmarks import growth_of_commands, hosts, load, seeding
from benchmarks.measuring import Table
from imagehost.domain.image_names import NAME_LETTERS
from imagehost.settings.database_url import normalise

NUMBERS = (1000, 100_000, 1_000_000)
FILES = 100_000
"""The maximum number of real files, evenly distributed among the images.

A million would take minutes to write.
"""
LINKS = 50_000
"""The maximum number of names of one file. ext4 allows 65,000."""
ROUNDS = 3
TIMES = {"upload": 50, "deletion": 50, "first page of the list": 20}
"""The number of requests to each host in a round."""
MOST = {"upload": 1.2, "deletion": 1.2, "first page of the list": 1.5}
"""The maximum cost at the largest number of images, as a multiple of the cost at the smallest number."""
FORM = "multipart/form-data; boundary=benchmark"
HEAD = (
    b'--benchmark\r\nContent-Disposition: form-data; name="file"; filename="photo.jpg"\r\n'
    b"Content-Type: image/jpeg\r\n\r\n"
)
TAIL = b"\r\n--benchmark--\r\n"


def measure() -> list[Table]:
    """Return a table for each database, and one for commands, which hardly depend on the database."""
    return [*(requests(kind) for kind in hosts.DATABASES), growth_of_commands.commands("sqlite")]


class Client:
    """One client of a host, with a connection that stays open."""

    def __init__(self, host: hosts.Host, victims: list[int]) -> None:
        self.connection = http.client.HTTPConnection(host.url.removeprefix("http://"), timeout=30)
        self.victims = victims
        self.sent = 0
        self.acts: dict[str, Callable[[], float]] = {
            "upload": self.upload,
            "deletion": lambda: self.ask("DELETE", f"/delete/{self.victims.pop()}"),
            "first page of the list": lambda: self.ask("GET", "/images-list"),
        }

    def upload(self) -> float:
        """Upload a small picture.

        A counter in the density fields of its header makes each picture different.
        """
        self.sent += 1
        picture = load.jpeg(10_000)
        body = HEAD + picture[:14] + self.sent.to_bytes(4, "big") + picture[18:] + TAIL
        return self.ask("POST", "/upload", body, {"Content-Type": FORM})

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> float:
        """Send a request, and return the seconds until the answer was read."""
        begin = time.perf_counter()
        self.connection.request(method, path, body, headers or {})
        answer = self.connection.getresponse()
        text = answer.read()
        seconds = time.perf_counter() - begin
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {text!r}")
        return seconds


def requests(kind: str) -> Table:
    """Return the table of a database."""
    with ExitStack() as running:
        clients = {number: client(running.enter_context(hosts.host(kind)), number) for number in NUMBERS}
        os.sync()
        # The first round is not measured: it opens connections, and creates folders and the counts of the
        # day.
        found = [one_round(clients) for _ in range(1 + ROUNDS)][1:]
    table = Table(f"Growth of requests with the number of images ({kind}; one client; at most 100,000 files)")
    for name, most in MOST.items():
        costs = {number: [one[name][number] for one in found] for number in NUMBERS}
        for number in NUMBERS:
            table.add(f"{name} at {number:,} images", [1000 * cost for cost in costs[number]], "ms")
        ratio = f"{name}: {NUMBERS[-1]:,} images to {NUMBERS[0]:,}"
        table.ratio(ratio, costs[NUMBERS[-1]], costs[NUMBERS[0]], most=most)
        table.add(
            f"{name}: k, where the cost is as images^k",
            [growth_of_commands.exponent(one[name]) for one in found],
        )
    return table


def one_round(clients: Mapping[int, Client]) -> dict[str, dict[int, float]]:
    """Send each request to all hosts in turn. Return the mean seconds, by request and number of images."""
    found = {}
    for name, times in TIMES.items():
        spent = dict.fromkeys(clients, 0.0)
        for turn in range(times):
            for number in list(clients)[:: -1 if turn % 2 else 1]:
                spent[number] += clients[number].acts[name]()
        found[name] = {number: seconds / times for number, seconds in spent.items()}
    return found


def client(host: hosts.Host, number: int) -> Client:
    """Fill a host, and return a client that may delete some of its images."""
    url = str(host.settings["DATABASE_URL"])
    # The first upload sets up the storage, which must be done before rows are added.
    Client(host, []).upload()
    seeding.seed(url, number)
    engine = sa.create_engine(normalise(url))
    every = max(1, number // FILES)
    with engine.connect() as connection:
        # The file of the first upload exists.
        some = sa.text(f"SELECT id, filename FROM images WHERE id > 1 AND id % {every} = 0")
        rows = [*connection.execute(some)]
    engine.dispose()
    random.Random(1).shuffle(rows)
    victims = rows[: (1 + ROUNDS) * TIMES["deletion"]]
    add_files(host.images, [row.filename for row in rows], len(victims))
    return Client(host, [row.id for row in victims])


def add_files(folder: Path, filenames: list[str], own: int) -> None:
    """Add files: the first ``own`` are separate, the others are hard links to a few files, for speed."""
    paths = [folder / filename[:2] / filename for filename in filenames]
    # Create all folders, as on an older host. Otherwise the uploads to the smallest host would create them.
    for letters in itertools.product(NAME_LETTERS, repeat=2):
        (folder / "".join(letters)).mkdir(exist_ok=True)
    content = load.jpeg(10_000)
    for place, path in enumerate(paths):
        if place < own or (place - own) % LINKS == 0:
            path.write_bytes(content)
            source = path
        else:
            path.hardlink_to(source)
