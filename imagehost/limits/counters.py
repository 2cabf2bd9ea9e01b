"""Limit the requests of one client, counted for all worker processes together (docs/decisions/0017)."""

import ipaddress
import math
import sqlite3
import threading
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import limits
from flask import Flask, current_app, request

from imagehost.domain.errors import RateLimited
from imagehost.settings.loading import Settings

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")

FILE = "ratelimits.db"
SECONDS_TO_WAIT = 1

SETUP = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=OFF",
    "CREATE TABLE IF NOT EXISTS windows (client TEXT PRIMARY KEY, hits INTEGER, ends REAL) WITHOUT ROWID",
    # Each new client deletes the windows that have ended. Without the index, that would scan all windows,
    # and one person may have many networks.
    "CREATE INDEX IF NOT EXISTS windows_by_end ON windows (ends)",
)
HIT = """
INSERT INTO windows VALUES (:client, 1, :now + :length) ON CONFLICT (client) DO UPDATE SET
  hits = CASE WHEN ends <= :now THEN 1 ELSE hits + 1 END,
  ends = CASE WHEN ends <= :now THEN :now + :length ELSE ends END
RETURNING hits, ends
"""


class Counts:
    """Hits of each client, in a file that may be lost without harm; open as long as the process lives.

    ``rates`` has the limit of each kind of request. A client's first request of a kind begins a window;
    refused requests do not make it longer.
    """

    def __init__(self, path: Path, rates: dict[str, str]) -> None:
        self.rates = {kind: limits.parse(rate) for kind, rate in rates.items()}
        self._path = path
        self._lock = threading.Lock()
        self._file: sqlite3.Connection | None = None

    def hit(self, kind: str, client: str) -> None:
        """Count one request of a client in its window. Raises RateLimited past the limit."""
        now, rate = time.time(), self.rates[kind]
        try:
            with self._lock:
                hits, ends = self._add(f"{kind} {client}", now, rate.get_expiry())
        except sqlite3.Error:
            # A full disk, a long lock, a torn file: counting is a courtesy, answering is what we are for.
            self.close()
            return
        if hits > rate.amount:
            share = rate.amount, rate.multiples or 1, rate.GRANULARITY.name
            raise RateLimited(max(1, math.ceil(ends - now)), kind, share)

    def _add(self, client: str, now: float, length: int) -> tuple[int, float]:
        """Give a client's hits, this one among them, and when its window ends."""
        self._file = self._file or self._open()
        values = {"client": client, "now": now, "length": length}
        hits, ends = self._file.execute(HIT, values).fetchone()
        if hits == 1:
            self._file.execute("DELETE FROM windows WHERE ends <= ?", (now,))
        return hits, ends

    def _open(self) -> sqlite3.Connection:
        """Open the file, and make it where there is none."""
        file = sqlite3.connect(
            self._path, timeout=SECONDS_TO_WAIT, isolation_level=None, check_same_thread=False
        )
        try:
            for statement in SETUP:
                file.execute(statement)
        except sqlite3.Error:
            file.close()
            raise
        return file

    def close(self) -> None:
        """Close the file; the next hit opens it anew."""
        with self._lock:
            file, self._file = self._file, None
        if file is not None:
            file.close()

    __del__ = close


def limited(kind: str) -> Callable[[Callable[Arguments, Answer]], Callable[Arguments, Answer]]:
    """Refuse a client that calls a view more often than the limit of ``kind`` allows. Raises RateLimited."""

    def decorate(view: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
        @wraps(view)
        def limited_view(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
            count(kind)
            return view(*args, **kwargs)

        return limited_view

    return decorate


def count_rendering() -> None:
    """Count a request that makes a rendition. Raises RateLimited past ``RENDERING_RATE_LIMIT``."""
    count("renderings")


def count(kind: str) -> None:
    """Count a request of this client, if that is limited. Raises RateLimited."""
    counts: Counts | None = current_app.extensions["imagehost.counts"]
    if counts:
        counts.hit(kind, client())


def client() -> str:
    """Return the client of this request: its address, or the network of its address."""
    return network(request.remote_addr or "")


def network(address: str) -> str:
    """Take an IPv6 client by its network: one household has as many addresses as it likes."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    if parsed.ipv4_mapped:
        # A server that listens on both writes every client of IPv4 so.
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), 64), strict=False))


def init_app(app: Flask, settings: Settings) -> None:
    """Count the requests that have a limit."""
    rates = {
        "uploads": settings.rate_limit,
        "deletions": settings.deletion_rate_limit,
        "lists": settings.list_rate_limit,
        "renderings": settings.rendering_rate_limit,
    }
    counts = Counts(settings.instance_dir / FILE, rates) if settings.rate_limit_enabled else None
    app.extensions["imagehost.counts"] = counts
