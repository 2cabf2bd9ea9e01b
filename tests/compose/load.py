"""Clients that send requests while the state of the containers changes."""

import itertools
import threading
import time
from collections import Counter
from types import TracebackType
from typing import Self

import requests

CLIENTS = 8
SECONDS_TO_ANSWER = 30
CLOSED = requests.ConnectionError.__name__


class Load:
    """Clients that send GET requests until the ``with`` block ends. ``failed`` counts answers other than 200.

    Half of the clients keep their connection, and repeat a request if the connection was just closed, like
    browsers. The others open a connection for each request.
    """

    def __init__(self, addresses: list[str]) -> None:
        self.addresses = addresses
        self.asked = 0
        self.again = 0
        self.failed: Counter[str] = Counter()
        self.slowest = 0.0
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._clients = [threading.Thread(target=self._ask, args=(number,)) for number in range(CLIENTS)]

    def __enter__(self) -> Self:
        for client in self._clients:
            client.start()
        time.sleep(1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for client in self._clients:
            client.join()

    def _ask(self, number: int) -> None:
        session = requests.Session()
        session.headers["Connection"] = "close" if number % 2 else "keep-alive"
        for address in itertools.cycle(self.addresses[number:] + self.addresses[:number]):
            if self._ended.is_set():
                return
            begun = time.monotonic()
            status = ask(session, address)
            if status == CLOSED and not number % 2:
                self.again += 1
                status = ask(session, address)
            with self._lock:
                self.asked += 1
                self.failed.update([] if status == "200" else [status])
                self.slowest = max(self.slowest, time.monotonic() - begun)

    def __str__(self) -> str:
        failed = f"{self.failed.total()} failed {dict(self.failed) or ''}".rstrip()
        return f"{self.asked} GETs, {failed}, {self.again} asked again, the slowest took {self.slowest:.2f} s"


def ask(session: requests.Session, address: str) -> str:
    """Send a GET request. Return the status, or the name of the error."""
    try:
        return str(session.get(address, timeout=SECONDS_TO_ANSWER).status_code)
    except requests.RequestException as error:
        return type(error).__name__
