"""The limit of one client for each kind of request, counted for all processes together."""

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import limits
import pytest

from imagehost.domain.errors import RateLimited
from imagehost.domain.networks import network
from imagehost.limits import counters
from imagehost.web.messages import sentence_in_english
from tests.applications import host_of
from tests.conftest import SHAPES, SMALL, as_upload, assert_error, stored_files
from tests.rows import add_rows

LIMIT = {"RATE_LIMIT": "2/minute", "RATE_LIMIT_ENABLED": True}


@pytest.fixture
def limited(make_app):
    return make_app(**LIMIT)


def upload(client, address="198.51.100.1", path="/upload", headers=None):
    overrides = {"REMOTE_ADDR": address}
    return client.post(path, data=as_upload(SMALL), environ_overrides=overrides, headers=headers)


@SHAPES
@pytest.mark.parametrize("path", ["/upload", "/api/upload", "/api/upload/"])
def test_the_third_upload_in_a_minute_is_refused(limited, shape, path):
    client = limited.test_client()
    assert [upload(client, path=path).status_code for _ in range(2)] == [200, 200]
    answer = upload(client, path=path, headers=shape)
    seconds = int(answer.headers["Retry-After"])
    assert 0 < seconds <= 60
    words = "Your address has reached the limit for uploads: 2 per minute."
    assert_error(answer, 429, "rate_limited", f"{words} Try again in {seconds} s")
    assert len(stored_files(limited)) == 2


def test_all_ways_of_uploading_share_one_limit(limited):
    client = limited.test_client()
    codes = [upload(client, path=path).status_code for path in ("/upload", "/api/upload", "/api/upload/")]
    assert codes == [200, 200, 429]


def test_others_and_readers_are_not_limited(limited):
    client = limited.test_client()
    for _ in range(3):
        last = upload(client)
    assert last.status_code == 429
    assert upload(client, "198.51.100.2").status_code == 200
    overrides = {"REMOTE_ADDR": "198.51.100.1"}
    for path in ("/", "/upload", "/images-list", "/api/upload"):
        assert client.get(path, environ_overrides=overrides).status_code == 200
    assert client.delete("/delete/1", environ_overrides=overrides).status_code == 200


def test_no_one_is_limited_where_that_is_switched_off(make_app):
    client = make_app(RATE_LIMIT="1/hour", RATE_LIMIT_ENABLED=False).test_client()
    assert [upload(client).status_code for _ in range(3)] == [200, 200, 200]


def test_when_the_time_is_over_the_next_is_accepted(limited):
    client, now, counts = limited.test_client(), time.time(), host_of(limited).counters
    counts.clock = lambda: now
    for _ in range(3):
        answer = upload(client)
    wait = int(answer.headers["Retry-After"])
    assert wait == 60
    counts.clock = lambda: now + wait - 29.4
    assert upload(client).headers["Retry-After"] == "30", "whoever comes back then must not be too early"
    counts.clock = lambda: now + wait
    assert upload(client).status_code == 200


def test_processes_share_the_counts(make_app):
    first, second = (make_app(**LIMIT).test_client() for _ in range(2))
    assert [upload(client).status_code for client in (first, second, first, second)] == [200, 200, 429, 429]


def test_the_client_behind_a_trusted_proxy_is_the_forwarded_one(make_app):
    client = make_app(TRUSTED_PROXIES=1, **LIMIT).test_client()
    for expected in (200, 200, 429):
        assert upload(client, headers={"X-Forwarded-For": "spoofed, 203.0.113.1"}).status_code == expected
    assert upload(client, headers={"X-Forwarded-For": "203.0.113.2"}).status_code == 200


def test_nobody_evades_the_limit_by_a_header(limited):
    client = limited.test_client()
    codes = [upload(client, headers={"X-Forwarded-For": f"203.0.113.{n}"}).status_code for n in range(3)]
    assert codes == [200, 200, 429]


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("198.51.100.1", "198.51.100.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:198.51.100.1", "198.51.100.1"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
@pytest.mark.usefixtures("database_url")
def test_a_client_is_an_address_or_a_network(address, client):
    assert network(address) == client


def test_an_ipv6_network_is_one_client(limited):
    client = limited.test_client()
    addresses = ("2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1")
    assert [upload(client, address).status_code for address in addresses] == [200, 200, 429, 200]


def test_counts_of_windows_that_are_over_are_forgotten(limited):
    client, now = limited.test_client(), time.time()
    upload(client)
    host_of(limited).counters.clock = lambda: now + 3600
    upload(client, "198.51.100.2")
    counts = sqlite3.connect(host_of(limited).settings.instance_dir / counters.COUNTERS_FILE)
    assert counts.execute("SELECT client FROM windows").fetchall() == [("uploads 198.51.100.2",)]
    counts.close()


def test_uploads_work_even_if_requests_cannot_be_counted(limited, monkeypatch):
    client = limited.test_client()
    with monkeypatch.context() as broken:
        broken.setattr(counters, "HIT", "no SQL")
        assert [upload(client).status_code for _ in range(3)] == [200, 200, 200]
    assert [upload(client).status_code for _ in range(3)] == [200, 200, 429], "it counts again"


def test_threads_at_once_are_all_counted(limited):
    counts = host_of(limited).counters
    counts.rates["uploads"] = limits.parse("200/minute")
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: counts.hit("uploads", "client"), range(200)))
    with pytest.raises(RateLimited):
        counts.hit("uploads", "client")


def test_the_file_is_opened_once(limited, monkeypatch):
    client, opened = limited.test_client(), []
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: opened.append(a) or connect(*a, **k))
    for _ in range(3):
        upload(client)
    assert len([path for path, *_ in opened if path.name == counters.COUNTERS_FILE]) == 1


KINDS = {
    "uploads": ("RATE_LIMIT", [("POST", "/upload"), ("POST", "/api/upload"), ("POST", "/api/upload/")]),
    "deletions": (
        "DELETION_RATE_LIMIT",
        [("DELETE", "/delete/1"), ("POST", "/delete/2"), ("DELETE", "/api/upload/a.jpg")],
    ),
    "lists": (
        "LIST_RATE_LIMIT",
        [
            ("GET", "/images-list"),
            ("GET", "/api/upload"),
            ("HEAD", "/api/upload/"),
            ("GET", "/api/upload?limit=1"),
        ],
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_request_has_a_limit_of_its_own(make_app, kind):
    """A request that finds nothing counts too."""
    setting, requests = KINDS[kind]
    client = make_app(RATE_LIMIT_ENABLED=True, **{setting: f"{len(requests)}/hour"}).test_client()
    assert 429 not in [client.open(path, method=method).status_code for method, path in requests]
    for method, path in requests:
        answer = client.open(path, method=method)
        assert answer.status_code == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 3600
        if method != "HEAD":
            assert_error(answer, 429, "rate_limited", f"the limit for {kind}: {len(requests)} per hour")
    others = [requests[0] for name, (_, requests) in KINDS.items() if name != kind]
    for method, path in [
        *others,
        ("GET", "/"),
        ("GET", "/upload"),
        ("GET", "/oembed"),
        ("GET", "/view/a.jpg"),
    ]:
        assert client.open(path, method=method).status_code != 429


def test_answers_of_304_count_too(make_app):
    client = make_app(RATE_LIMIT_ENABLED=True, LIST_RATE_LIMIT="3/hour").test_client()
    known = {"If-None-Match": client.get("/images-list").headers["ETag"]}
    codes = [client.get("/images-list", headers=known).status_code for _ in range(3)]
    assert codes == [304, 304, 429]


def test_refused_requests_do_not_make_the_wait_longer(make_app):
    now = time.time()
    app = make_app(RATE_LIMIT_ENABLED=True, DELETION_RATE_LIMIT="1/minute")
    client = app.test_client()
    waits = []
    for seconds in (0, 10, 59, 60, 61):
        host_of(app).counters.clock = lambda moment=now + seconds: moment
        waits.append(client.delete("/delete/1").headers.get("Retry-After"))
    assert waits == [None, "50", "1", None, "59"]


def test_three_hundred_images_cannot_be_deleted_at_once(make_app):
    app = make_app(RATE_LIMIT_ENABLED=True)
    ids = add_rows(app, [datetime.now(UTC)] * 300)
    client = app.test_client()
    answers = [client.delete(f"/delete/{image_id}") for image_id in ids]
    assert [answer.status_code for answer in answers] == [200] * 120 + [429] * 180
    assert_error(answers[-1], 429, "rate_limited", "deletions: 120 per minute")
    assert client.get("/images-list").json["pagination"]["total_items"] == 180


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        ("1/second", "deletions: 1 per second"),
        ("2 per 5 minute", "deletions: 2 in 5 minutes"),
        ("1/day", "deletions: 1 per day"),
        ("2/month", "deletions: 2 per month"),
        ("1/year", "deletions: 1 per year"),
        ("1500/2hour", "deletions: 1,500 in 2 hours"),
    ],
)
def test_every_limit_is_named_in_the_refusal(make_app, rate, words):
    counts = host_of(make_app(RATE_LIMIT_ENABLED=True, DELETION_RATE_LIMIT=rate)).counters
    now = time.time()
    counts.clock = lambda: now
    for _ in range(counts.rates["deletions"].amount):
        counts.hit("deletions", "client")
    with pytest.raises(RateLimited) as refused:
        counts.hit("deletions", "client")
    assert words in sentence_in_english(refused.value)


def test_many_networks_do_not_make_each_other_slow(limited):
    """An index finds the oldest windows, for any number of them."""
    upload(limited.test_client())
    path = host_of(limited).settings.instance_dir / counters.COUNTERS_FILE
    file = sqlite3.connect(path)
    plan = file.execute("EXPLAIN QUERY PLAN DELETE FROM windows WHERE ends <= 1").fetchall()
    file.close()
    assert "INDEX windows_by_end" in str(plan)
