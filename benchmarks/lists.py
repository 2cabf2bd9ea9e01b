"""Lists at 1,000, 100,000 and 1,000,000 images: pages in each shape, the array of all, and amid uploads.

The images are rows over five years, without files. One client asks the servers of all sizes in turn.
"""

import http.client
import threading
import time
from contextlib import ExitStack
from statistics import median

from benchmarks import hosts, load, seeding
from benchmarks.measuring import Table, timed

SIZES = (1_000, 100_000, 1_000_000)
FEW, MANY = SIZES[0], SIZES[-1]
A_SECOND = 86_400
"""Images of one day, one a second."""
SHAPES = {"JSON": {}, "page": {"Accept": "text/html"}, "fragment": {"HX-Request": "true"}}
PLACES = ("first", "middle", "last")
ROUNDS = 3
REQUESTS = 7
MOST_FIRST, MOST_ANY = 1.5, 3.0


class Listed:
    """A host with so many images, and one client of its server."""

    def __init__(self, host: hosts.Host, number: int, days: float = seeding.YEARS) -> None:
        seeding.seed(str(host.settings["DATABASE_URL"]), number, days)
        self.host = host
        self.pages = {"first": 1, "middle": number // 20, "last": number // 10}
        self.line = http.client.HTTPConnection("127.0.0.1", host.server.port, timeout=60)

    def ask(self, path: str, headers: dict[str, str]) -> int:
        """Read an answer whole; give its length."""
        self.line.request("GET", path, headers=headers)
        answer = self.line.getresponse()
        length = 0
        while block := answer.read(2**16):
            length += len(block)
        if answer.status != http.HTTPStatus.OK:
            raise RuntimeError(f"{path}: {answer.status}")
        return length

    def seconds(self, place: str, headers: dict[str, str]) -> float:
        """Ask for a page a few times; give the median."""
        path = f"/images-list?page={self.pages[place]}"
        return median(timed(lambda: self.ask(path, headers)) for _ in range(REQUESTS))


def measure() -> list[Table]:
    """Fill a table for each database."""
    return [lists(kind) for kind in hosts.DATABASES]


def lists(kind: str) -> Table:
    """Run a host of each size, and ask them in turn."""
    table = Table(f"Lists ({kind})")
    with ExitStack() as running:
        listed = {number: Listed(running.enter_context(hosts.host(kind)), number) for number in SIZES}
        busy = Listed(running.enter_context(hosts.host(kind)), A_SECOND, days=1)
        add_pages(table, listed)
        add_busy_day(table, busy)
        add_pages_while_uploading(table, listed)
        add_arrays(table, listed)
    return table


def add_pages(table: Table, listed: dict[int, Listed]) -> None:
    """Add each shape and place, at each size."""
    for shape, headers in SHAPES.items():
        found: dict[tuple[int, str], list[float]] = {}
        for turn in range(ROUNDS + 1):
            for number in list(listed)[:: -1 if turn % 2 else 1]:
                for place in PLACES:
                    # The first round makes connections, and compiles templates.
                    each = found.setdefault((number, place), [])
                    each += [listed[number].seconds(place, headers)] * bool(turn)
        table.add(f"{shape}, first of {FEW:,}", [1000 * one for one in found[FEW, "first"]], "ms")
        for number in SIZES:
            for place in PLACES:
                if (number, place) != (FEW, "first"):
                    most = None if number != MANY else MOST_FIRST if place == "first" else MOST_ANY
                    what = f"{shape}, {place} of {number:,} to the first of {FEW:,}"
                    table.ratio(what, found[number, place], found[FEW, "first"], most=most)


def add_busy_day(table: Table, busy: Listed) -> None:
    """Add a day that brings an image a second: within it, rows are skipped one by one."""
    found = {place: [busy.seconds(place, {}) for _ in range(ROUNDS)] for place in PLACES}
    what = f"JSON, {A_SECOND:,} images of one day: page in the middle to the first"
    table.ratio(what, found["middle"], found["first"], most=MOST_ANY)


def add_pages_while_uploading(table: Table, listed: dict[int, Listed]) -> None:
    """Add the same while four clients upload to the host that is asked."""
    found = {}
    with hosts.room() as room:
        picture = room / "picture.jpg"
        picture.write_bytes(load.jpeg(50_000))
        for number in (FEW, MANY):
            uploads = threading.Thread(
                target=load.wrk,
                args=[listed[number].host.url],
                kwargs={"clients": 4, "seconds": 5, "script": "upload", "picture": picture, "first": number},
            )
            uploads.start()
            # Until they are under way.
            time.sleep(1)
            for place in ("first", "middle"):
                found[number, place] = [listed[number].seconds(place, {}) for _ in range(ROUNDS)]
            uploads.join()
    for place, most in (("first", MOST_FIRST), ("middle", MOST_ANY)):
        what = f"JSON while 4 clients upload, {place} of {MANY:,} to the first of {FEW:,}"
        table.ratio(what, found[MANY, place], found[FEW, "first"], most=most)


def add_arrays(table: Table, listed: dict[int, Listed]) -> None:
    """Add rows a second of the array of all."""
    number = SIZES[1]
    spent = [timed(lambda: listed[number].ask("/api/upload", {})) for _ in range(ROUNDS)]
    table.add(f"all of {number:,} in one array", [number / seconds for seconds in spent], "rows/s")
