"""The effect of 300 clients that send a byte a second, of heads or of bodies, on other clients of nginx."""

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial

import requests

from benchmarks import hosts, load
from benchmarks.measuring import Table

SLOW_CLIENTS = 300
ROUNDS = 3
SECONDS = 2
MOST = 2.0
BEGINNINGS = {
    "heads": b"POST /upload HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    "bodies": b"POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n",
}


def measure() -> list[Table]:
    """Return a table with the 99th percentile of other clients' times, with and without the slow clients."""
    table = Table("300 clients that send a byte a second")
    with hosts.host("postgresql") as host, hosts.empty_folder() as folder:
        picture = folder / "picture.jpg"
        picture.write_bytes(load.jpeg(50_000))
        image = requests.post(f"{host.url}/upload", files={"file": picture.open("rb")}, timeout=30).json()
        acts = {
            "the list": partial(load.wrk, f"{host.url}/images-list"),
            "an image": partial(load.wrk, image["url"]),
            "an upload": partial(load.wrk, host.url, script="upload", picture=picture),
        }
        for name, act in acts.items():
            alone = []
            found: dict[str, list[float]] = {kind: [] for kind in BEGINNINGS}
            for _ in range(ROUNDS):
                alone.append(p99(act))
                for kind, beginning in BEGINNINGS.items():
                    with slow_clients(host.nginx.port, beginning):
                        found[kind].append(p99(act))
            table.add(f"p99 of others, {name}: without them", [1000 * one for one in alone], "ms")
            for kind, crowded in found.items():
                table.ratio(f"p99 of others, {name}: amid slow {kind}", crowded, alone, most=MOST)
    return [table]


def p99(act: partial[load.Load]) -> float:
    """Send requests with four clients, and return the 99th percentile of their seconds."""
    return act(clients=4, seconds=SECONDS).p99


@contextmanager
def slow_clients(port: int, beginning: bytes) -> Iterator[None]:
    """Run slow clients until the block ends. Each of them sends one byte per second."""
    # Use many addresses, since nginx limits the connections of one address.
    lines = [
        socket.create_connection(("127.0.0.1", port), 30, (f"127.0.1.{number % 50 + 1}", 0))
        for number in range(SLOW_CLIENTS)
    ]
    for line in lines:
        line.sendall(beginning)
    ended = threading.Event()

    def drip() -> None:
        while not ended.wait(1):
            for line in lines:
                # nginx closes connections that are too slow.
                with suppress(OSError):
                    line.send(b"x")

    sending = threading.Thread(target=drip)
    sending.start()
    try:
        yield
        if left(lines) < SLOW_CLIENTS:
            raise RuntimeError(f"of {SLOW_CLIENTS} slow clients, {left(lines)} are left")
    finally:
        ended.set()
        sending.join()
        for line in lines:
            line.close()


def left(lines: list[socket.socket]) -> int:
    """Return the number of connections that nginx has not closed."""
    with selectors.DefaultSelector() as selector:
        for line in lines:
            selector.register(line, selectors.EVENT_READ)
        return len(lines) - len(selector.select(0))
