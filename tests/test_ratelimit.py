"""One client's share of uploads: RATE_LIMIT, counted for all processes."""

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from imagehost import ratelimit
from imagehost.errors import RateLimited
from tests.conftest import ON_SQLITE, SHAPES, SMALL, as_upload, assert_error, stored_files

pytestmark = ON_SQLITE
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
    assert_error(answer, 429, "rate_limited", f"Try again in {seconds} s")
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


def test_when_the_time_is_over_the_next_is_accepted(limited, monkeypatch):
    client, now = limited.test_client(), time.time()
    monkeypatch.setattr(ratelimit.time, "time", lambda: now)
    for _ in range(3):
        answer = upload(client)
    wait = int(answer.headers["Retry-After"])
    assert wait == 60
    monkeypatch.setattr(ratelimit.time, "time", lambda: now + wait - 29.4)
    assert upload(client).headers["Retry-After"] == "30", "whoever comes back then must not be too early"
    monkeypatch.setattr(ratelimit.time, "time", lambda: now + wait)
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
    assert ratelimit.network(address) == client


def test_one_household_is_one_client(limited):
    client = limited.test_client()
    addresses = ("2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1")
    assert [upload(client, address).status_code for address in addresses] == [200, 200, 429, 200]


def test_counts_of_windows_that_are_over_are_forgotten(limited, monkeypatch):
    client, now = limited.test_client(), time.time()
    upload(client)
    monkeypatch.setattr(ratelimit.time, "time", lambda: now + 3600)
    upload(client, "198.51.100.2")
    counts = sqlite3.connect(limited.extensions["imagehost.settings"].instance_dir / ratelimit.FILE)
    assert counts.execute("SELECT client FROM windows").fetchall() == [("198.51.100.2",)]
    counts.close()


def test_uploads_go_on_where_nothing_can_be_counted(limited, monkeypatch):
    client = limited.test_client()
    with monkeypatch.context() as broken:
        broken.setattr(ratelimit, "HIT", "no SQL")
        assert [upload(client).status_code for _ in range(3)] == [200, 200, 200]
    assert [upload(client).status_code for _ in range(3)] == [200, 200, 429], "it counts again"


def test_threads_at_once_are_all_counted(limited):
    counts = limited.extensions["imagehost.counts"]["uploads"]
    counts.most = 10**6
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(counts.hit, ["client"] * 200))
    counts.most = 200
    with pytest.raises(RateLimited):
        counts.hit("client")


def test_the_file_is_opened_once(limited, monkeypatch):
    client, opened = limited.test_client(), []
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: opened.append(a) or connect(*a, **k))
    for _ in range(3):
        upload(client)
    assert len([path for path, *_ in opened if path.name == ratelimit.FILE]) == 1
