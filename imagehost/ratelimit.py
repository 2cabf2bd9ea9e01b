"""How often one client may upload, counted for all worker processes together."""

import ipaddress
import math
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from functools import wraps
from typing import ParamSpec, TypeVar

import limits
from flask import request

from imagehost.errors import RateLimited
from imagehost.extensions import settings

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


def limited(view: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """Refuse a client that asks a view more often than ``RATE_LIMIT`` says. Raises RateLimited."""

    @wraps(view)
    def limited_view(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        if settings.rate_limit_enabled:
            hit(network(request.remote_addr or ""))
        return view(*args, **kwargs)

    return limited_view


def hit(client: str) -> None:
    """Count one request of a client in its window. Raises RateLimited past the limit."""
    rate = limits.parse(settings.rate_limit)
    now = time.time()
    values = {"client": client, "now": now, "length": rate.get_expiry()}
    try:
        with closing(connect()) as counts:
            for statement in SETUP:
                counts.execute(statement)
            hits, ends = counts.execute(HIT, values).fetchone()
            if hits == 1:
                counts.execute("DELETE FROM windows WHERE ends <= ?", (now,))
    except sqlite3.Error:
        # A full disk, a long lock, a torn file: counting is a courtesy, uploading is what we are for.
        return
    if hits > rate.amount:
        raise RateLimited(max(1, math.ceil(ends - now)))


def connect() -> sqlite3.Connection:
    """Open the counts, which may be lost without harm."""
    return sqlite3.connect(settings.instance_dir / FILE, timeout=SECONDS_TO_WAIT, isolation_level=None)


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
