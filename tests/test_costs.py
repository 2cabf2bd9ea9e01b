"""The cost of the most frequent requests, in calls of functions: the same on every machine under any load.

Benchmarks measure the time (docs/performance.md). This test fails if a request does more than before. If
there is a good reason for that, raise the number here.
"""

import gc
import sys
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

from imagehost.db import engines
from tests import pictures
from tests.conftest import FRAGMENT, ON_BOTH_DATABASES, PAGE
from tests.forms import form, part
from tests.rows import add_rows

pytestmark = ON_BOTH_DATABASES

PLAIN = form(part(pictures.jpg(800, 600)))
WITH_COMMENT = form(part(pictures.jpg(800, 600, comment=b"where it was")))
MOST = {
    "an upload": 3500,
    "an upload with something to drop": 3600,
    "a deletion": 2300,
    "a page of the list as JSON": 3700,
    "a page of the list as a page": 40_000,
    "a page of the list as a fragment": 29_000,
    "an image": 2100,
    "a thumbnail already made": 2050,
    "a health check": 1000,
}
"""The maximum number of calls: 5 % more than with Python 3.11 and 3.13, on either database."""


def calls(app: Flask, path: str, *, status: str = "200", **options: object) -> int:
    """Answer a request, and return the number of calls of Python and C functions in the application."""
    environ = EnvironBuilder(path=path, **options).get_environ()
    count = 0

    def note(_: object, event: str, __: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    # Otherwise, the finalizers of other tests' objects could run in this request, and would be counted.
    gc.disable()
    sys.setprofile(note)
    try:
        _, found, _ = run_wsgi_app(app, environ, buffered=True)
    finally:
        sys.setprofile(None)
        gc.enable()
    assert found.startswith(status), found
    return count


@pytest.fixture(autouse=True)
def _no_test_of_idle_connections(monkeypatch) -> None:
    """Let a slow machine make no more calls: a connection that was idle for a moment is tested."""
    monkeypatch.setattr(engines, "SECONDS_IDLE", 60)


@pytest.fixture
def costs(app, client) -> dict[str, int]:
    """Return the calls of each request. It is answered before, so that values that are created once exist."""
    now = datetime.now(UTC)
    ids = add_rows(app, [now - timedelta(days=number) for number in range(30)])
    image = client.post("/upload", **PLAIN).json
    client.get(image["thumbnail_url"])
    requests = {
        "an upload": ("/upload", {"method": "POST", **PLAIN}),
        "an upload with something to drop": ("/upload", {"method": "POST", **WITH_COMMENT}),
        "a page of the list as JSON": ("/images-list?page=2", {}),
        "a page of the list as a page": ("/images-list?page=2", {"headers": PAGE}),
        "a page of the list as a fragment": ("/images-list?page=2", {"headers": FRAGMENT}),
        "an image": (image["url"].removeprefix("http://localhost"), {}),
        "a thumbnail already made": (image["thumbnail_url"].removeprefix("http://localhost"), {}),
        "a health check": ("/healthz", {}),
    }
    found = {
        name: [calls(app, path, **options) for _ in range(3)][-1]
        for name, (path, options) in requests.items()
    }
    deletions = [calls(app, f"/delete/{number}", method="DELETE") for number in ids[:3]]
    return {**found, "a deletion": deletions[-1]}


def test_no_request_does_more_than_it_did(costs):
    assert {name: cost for name, cost in costs.items() if cost > MOST[name]} == {}
    assert costs.keys() == MOST.keys()


def test_counting_a_request_costs_little(make_app):
    """An open page sends four requests a minute, and most of the answers are 304."""
    found = []
    for enabled in (False, True):
        app = make_app(RATE_LIMIT_ENABLED=enabled)
        app.test_client().get("/images-list")
        found.append([calls(app, "/images-list") for _ in range(3)][-1])
    assert 0 < found[1] - found[0] <= 60
