"""Lists at 1,000, 100,000 and 1,000,000 images: pages in each shape, and the array of all images.

The images are rows over five years, without files. One client sends requests to the servers of all sizes in
turn.
"""

import http.client
import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks import hosts, load, seeding
from benchmarks.measuring import Table, rounds, timed

SIZES = (1_000, 100_000, 1_000_000)
FEW, MANY = SIZES[0], SIZES[-1]
A_SECOND = 86_400
"""The number of images of one day, with one image per second."""
SHAPES = {"JSON": {}, "page": {"Accept": "text/html"}, "fragment": {"HX-Request": "true"}}
PLACES = ("first", "middle", "last")
ROUNDS = 3
REQUESTS = 7
MOST_FIRST, MOST_ANY = 1.5, 3.0

counter = itertools.count(1)
"""A counter that makes each uploaded picture different."""


class Listed:
    """A host with a number of images, and one client of its server."""

    def __init__(self, host: hosts.Host, number: int, days: float = seeding.YEARS) -> None:
        self.host = host
        self.number = 0
        self.line = http.client.HTTPConnection("127.0.0.1", host.server.port, timeout=60)
        self.add(number, days)

    def add(self, number: int, days: float) -> None:
        """Add images."""
        seeding.seed(str(self.host.settings["DATABASE_URL"]), number, days)
        self.number += number
        self.pages = {"first": 1, "middle": self.number // 20, "last": self.number // 10}

    def ask(self, path: str, headers: dict[str, str]) -> int:
        """Read a whole answer, and return its length."""
        self.line.request("GET", path, headers=headers)
        answer = self.line.getresponse()
        length = 0
        while block := answer.read(2**16):
            length += len(block)
        if answer.status != http.HTTPStatus.OK:
            raise RuntimeError(f"{path}: {answer.status}")
        return length

    def seconds(self, place: str, headers: dict[str, str]) -> float:
        """Request a page a few times, and return the median of the seconds."""
        path = f"/images-list?page={self.pages[place]}"
        return median(timed(lambda: self.ask(path, headers)) for _ in range(REQUESTS))


def measure() -> list[Table]:
    """Return a table for each database."""
    return [lists(kind) for kind in hosts.DATABASES]


def lists(kind: str) -> Table:
    """Run a host of each size, send requests to them in turn, and return the table."""
    table = Table(f"Lists ({kind})")
    with ExitStack() as running:
        listed = {number: Listed(running.enter_context(hosts.host(kind)), number) for number in SIZES}
        busy = Listed(running.enter_context(hosts.host(kind)), A_SECOND, seeding.today())
        add_pages(table, listed)
        add_busy_day(table, busy, listed[FEW], most=MOST_ANY)
        busy.add(MANY - A_SECOND, seeding.today())
        add_busy_day(table, busy, listed[FEW])
        add_pages_while_uploading(table, listed)
        add_arrays(table, listed)
    return table


def add_pages(table: Table, listed: dict[int, Listed]) -> None:
    """Add a line for each shape and page, at each size."""
    for shape, headers in SHAPES.items():
        found: dict[tuple[int, str], list[float]] = {}
        for turn in range(ROUNDS + 1):
            for number in list(listed)[:: -1 if turn % 2 else 1]:
                for place in PLACES:
                    # The first round is not measured: it opens connections, and compiles templates.
                    each = found.setdefault((number, place), [])
                    each += [listed[number].seconds(place, headers)] * bool(turn)
        table.add(f"{shape}, first of {FEW:,}", [1000 * one for one in found[FEW, "first"]], "ms")
        for number in SIZES:
            for place in PLACES:
                if (number, place) != (FEW, "first"):
                    most = None if number != MANY else MOST_FIRST if place == "first" else MOST_ANY
                    what = f"{shape}, {place} of {number:,} to the first of {FEW:,}"
                    table.ratio(what, found[number, place], found[FEW, "first"], most=most)


def add_busy_day(table: Table, busy: Listed, few: Listed, most: float | None = None) -> None:
    """Add a line for a host whose images all have the same day, so that a page must skip rows of that day."""
    acts = {"middle": lambda: busy.seconds("middle", {}), "first": lambda: few.seconds("first", {})}
    # The first request is not measured: the database reads new rows.
    rounds(1, acts)
    found = rounds(ROUNDS, acts)
    what = f"JSON, middle of {busy.number:,} images of one day to the first of {FEW:,}"
    table.ratio(what, found["middle"], found["first"], most=most)


def add_pages_while_uploading(table: Table, listed: dict[int, Listed]) -> None:
    """Add lines of the same requests while four clients upload to the same host."""
    found: dict[tuple[str, str, int], list[float]] = {}
    with hosts.empty_folder() as folder:
        picture = folder / "picture.jpg"
        picture.write_bytes(load.jpeg(50_000))
        for turn in range(ROUNDS):
            for number in (FEW, MANY)[:: -1 if turn % 2 else 1]:
                for (shape, place), seconds in seconds_while_uploading(listed[number], picture).items():
                    found.setdefault((shape, place, number), []).append(seconds)
    for shape in SHAPES:
        for place, most in (("first", MOST_FIRST), ("middle", MOST_ANY), ("last", MOST_ANY)):
            what = f"{shape} while 4 clients upload, {place} of {MANY:,} to the first of {FEW:,}"
            table.ratio(what, found[shape, place, MANY], found[shape, "first", FEW], most=most)


def seconds_while_uploading(listed: Listed, picture: Path) -> dict[tuple[str, str], float]:
    """Request each shape and page while clients upload pictures, and return the seconds."""
    with ThreadPoolExecutor(1) as other:
        first = next(counter) * 100_000
        uploads = other.submit(
            load.wrk, listed.host.url, clients=4, seconds=3, script="upload", picture=picture, first=first
        )
        # Wait until the uploads run.
        time.sleep(0.5)
        found = {
            (shape, place): listed.seconds(place, headers)
            for shape, headers in SHAPES.items()
            for place in PLACES
        }
        if uploads.done():
            raise RuntimeError("the uploads ended before the lists were read")
        uploads.result()
    return found


def add_arrays(table: Table, listed: dict[int, Listed]) -> None:
    """Add a line for the rows per second of the array of all images. The longest array is read once."""
    for number, one in listed.items():
        spent = [timed(partial(one.ask, "/api/upload", {})) for _ in range(1 if number == MANY else ROUNDS)]
        table.add(f"all of {number:,} in one array", [number / seconds for seconds in spent], "rows/s")
