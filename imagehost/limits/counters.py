"""Count the requests of each client, for all worker processes together (docs/decisions/0017)."""

import math
import sqlite3
import threading
import time
from pathlib import Path

import limits

from imagehost.domain.errors import RateLimited
from imagehost.settings.definitions import Settings

COUNTERS_FILE = "ratelimits.db"
SECONDS_TO_WAIT_FOR_COUNTERS = 1

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


class Counters:
    """The hits of each client, in a file that may be lost without harm. It stays open until the process ends.

    ``rates`` has the limit of each kind of request. A client's first request of a kind begins a window;
    refused requests do not make it longer.
    """

    def __init__(self, path: Path, rates: dict[str, str]) -> None:
        self.rates = {kind: limits.parse(rate) for kind, rate in rates.items()}
        self.clock = time.time
        self._path = path
        self._lock = threading.Lock()
        self._file: sqlite3.Connection | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Counters":
        """Return the counters of a host."""
        rates = {
            "uploads": settings.rate_limit,
            "deletions": settings.deletion_rate_limit,
            "lists": settings.list_rate_limit,
            "renderings": settings.rendering_rate_limit,
        }
        return cls(settings.instance_dir / COUNTERS_FILE, rates)

    def hit(self, kind: str, client: str) -> None:
        """Count one request of a client in its window. Raises RateLimited above the limit."""
        now, rate = self.clock(), self.rates[kind]
        try:
            with self._lock:
                hits, ends = self._add(f"{kind} {client}", now, rate.get_expiry())
        except sqlite3.Error:
            # The file cannot be read or written (full disk, long lock, damage): let the request through.
            self.close()
            return
        if hits > rate.amount:
            share = rate.amount, rate.multiples or 1, rate.GRANULARITY.name
            raise RateLimited(max(1, math.ceil(ends - now)), kind, share)

    def _add(self, client: str, now: float, length: int) -> tuple[int, float]:
        """Count a hit. Return the client's hits, including this one, and its window's end in Unix seconds."""
        self._file = self._file or self._open()
        values = {"client": client, "now": now, "length": length}
        hits, ends = self._file.execute(HIT, values).fetchone()
        if hits == 1:
            self._file.execute("DELETE FROM windows WHERE ends <= ?", (now,))
        return hits, ends

    def _open(self) -> sqlite3.Connection:
        """Open the file, or make it if there is none."""
        file = sqlite3.connect(
            self._path, timeout=SECONDS_TO_WAIT_FOR_COUNTERS, isolation_level=None, check_same_thread=False
        )
        try:
            for statement in SETUP:
                file.execute(statement)
        except sqlite3.Error:
            file.close()
            raise
        return file

    def close(self) -> None:
        """Close the file. The next hit opens it again."""
        with self._lock:
            file, self._file = self._file, None
        if file is not None:
            file.close()

    __del__ = close
