"""How often one client may upload or have pictures rendered, counted for all worker processes together."""

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

from imagehost.config import Settings
from imagehost.errors import RateLimited

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")

FILE = "ratelimits.db"
SECONDS_TO_WAIT = 1

SCHEMA = "CREATE TABLE IF NOT EXISTS windows (client TEXT PRIMARY KEY, hits INTEGER, ends REAL) WITHOUT ROWID"
SETUP = ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=OFF", SCHEMA)
HIT = """
INSERT INTO windows VALUES (:client, 1, :now + :length) ON CONFLICT (client) DO UPDATE SET
  hits = CASE WHEN ends <= :now THEN 1 ELSE hits + 1 END,
  ends = CASE WHEN ends <= :now THEN :now + :length ELSE ends END
RETURNING hits, ends
"""


class Counts:
    """Hits of each client, in a file that may be lost without harm; open as long as the process lives.

    ``kind`` keeps them apart from hits of another kind in the same file.
    """

    def __init__(self, path: Path, rate: str, kind: str = "") -> None:
        limit = limits.parse(rate)
        self.most = limit.amount
        self.length = limit.get_expiry()
        self._kind = kind
        self._path = path
        self._lock = threading.Lock()
        self._file: sqlite3.Connection | None = None

    def hit(self, client: str) -> None:
        """Count one request of a client in its window. Raises RateLimited past the limit."""
        now = time.time()
        try:
            with self._lock:
                hits, ends = self._add(client, now)
        except sqlite3.Error:
            # A full disk, a long lock, a torn file: counting is a courtesy, answering is what we are for.
            self.close()
            return
        if hits > self.most:
            raise RateLimited(max(1, math.ceil(ends - now)))

    def _add(self, client: str, now: float) -> tuple[int, float]:
        """Give a client's hits, this one among them, and when its window ends."""
        self._file = self._file or self._open()
        values = {"client": self._kind + client, "now": now, "length": self.length}
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


def limited(view: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """Refuse a client that asks a view more often than ``RATE_LIMIT`` says. Raises RateLimited."""

    @wraps(view)
    def limited_view(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        count("uploads")
        return view(*args, **kwargs)

    return limited_view


def count_rendering() -> None:
    """Count a request that makes a rendition. Raises RateLimited past ``RENDERING_RATE_LIMIT``."""
    count("renderings")


def count(kind: str) -> None:
    """Count a request of this client, if that is limited. Raises RateLimited."""
    counts: dict[str, Counts] = current_app.extensions["imagehost.counts"]
    if kind in counts:
        counts[kind].hit(network(request.remote_addr or ""))


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
    """Count uploads and renderings, where they are to be limited."""
    path = settings.instance_dir / FILE
    counts = {
        "uploads": Counts(path, settings.rate_limit),
        "renderings": Counts(path, settings.rendering_rate_limit, "rendering for "),
    }
    app.extensions["imagehost.counts"] = counts if settings.rate_limit_enabled else {}
