"""One client that requests too much: the answers to it, and to other clients meanwhile."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa

from imagehost import create_app
from imagehost.db import counts
from imagehost.db.models import Image
from imagehost.web import streams
from tests.applications import close, host_of
from tests.conftest import ON_BOTH_DATABASES
from tests.forms import MULTIPART
from tests.postgres import Postgres
from tests.rows import execute, scalars
from tests.system.nginx import Host, running_host, working_folder
from tests.system.server import Server
from tests.web.blueprints.test_form_limits import HEADERS, with_headers

ROWS = 20_000
"""The number of rows. Their list does not fit into the buffers of a connection."""
CROWD = 40
LIMITS = {"RATE_LIMIT_ENABLED": "true"}
OTHER = "127.0.0.2"
"""The address of another client."""
GET = "GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n"


def fill(database: str, folder: Path, number: int) -> list[int]:
    """Add rows without bytes, all of today, to a running host; return their ids."""
    app = create_app(DATABASE_URL=database, INSTANCE_DIR=folder)
    now = datetime.now(UTC)
    facts = {"original_name": "photo.jpg", "size": 1025, "file_type": "jpg", "width": 4, "height": 3}
    rows = [
        {"filename": f"{row:016}.jpg", "upload_time": now, "sha256": "0" * 64, **facts}
        for row in range(number)
    ]
    host = host_of(app)
    execute(host, sa.insert(Image), rows)
    execute(host, counts.ADD, {"day": now.date(), "shard": 1, "change": number})
    ids = list(scalars(host, sa.select(Image.id)))
    host.storage.initialise()
    close(app)
    return ids


@pytest.fixture
def bare(tmp_path, database_url) -> Iterator[Server]:
    with Server(tmp_path, DATABASE_URL=database_url, WEB_SERVER_WORKERS=1, **LIMITS) as server:
        yield server


@pytest.fixture(scope="module")
def behind(postgres: Postgres) -> Iterator[Host]:
    with (
        working_folder() as folder,
        running_host(folder, postgres.create("crowds"), **LIMITS) as host,
    ):
        fill(host.database, host.folder, ROWS)
        yield host


def begin(port: int, path: str) -> socket.socket:
    """Send a request, and do not read the answer."""
    line = socket.create_connection(("127.0.0.1", port), timeout=120)
    line.sendall(GET.format(path).encode())
    return line


def finish(line: socket.socket) -> http.client.HTTPResponse:
    """Read an answer to its end."""
    with line:
        answer = http.client.HTTPResponse(line)
        answer.begin()
        answer.body = answer.read()
        return answer


def visit(port: int, path: str, method: str = "GET") -> int:
    """Send a request as another client; return the status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60, source_address=(OTHER, 0))
    connection.request(method, path)
    status = connection.getresponse().status
    connection.close()
    return status


def assert_told(answers: list[http.client.HTTPResponse], most: int) -> None:
    """Check that some clients got the whole array, and the others 503 with Retry-After."""
    whole = [answer for answer in answers if answer.status == 200]
    assert 1 <= len(whole) <= most
    assert all(len(json.loads(answer.body)) == ROWS for answer in whole)
    for answer in answers:
        if answer.status != 200:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
            assert json.loads(answer.body)["code"] == "unavailable"


@ON_BOTH_DATABASES
def test_forty_streams_of_one_client_do_not_keep_another_from_its_list(bare, tmp_path, database_url):
    """There are fewer than forty threads: refused requests release theirs."""
    fill(database_url, tmp_path, ROWS)
    lines = [begin(bare.port, "/api/upload") for _ in range(CROWD)]
    for path in ("/images-list", "/api/upload?limit=100", "/"):
        assert visit(bare.port, path) == 200, "answered before any of the forty was read"
    assert_told([finish(line) for line in lines], streams.MOST_STREAMS_OF_ONE_CLIENT)


def test_forty_streams_behind_nginx_end_after_another_clients_list(behind):
    order = []

    def read(_: int) -> http.client.HTTPResponse:
        answer = finish(begin(behind.nginx.port, "/api/upload"))
        order.append(answer.status)
        return answer

    with ThreadPoolExecutor(CROWD) as threads:
        crowd = threads.map(read, range(CROWD))
        for _ in range(5):
            assert visit(behind.nginx.port, "/images-list") == 200
        order.append("list")
        answers = list(crowd)
    assert_told(answers, streams.MOST_STREAMS_OF_ONE_CLIENT * len(behind.backends))
    assert 200 in order[order.index("list") :], "the list came after all of the arrays"


def delete_all(port: int, ids: list[int]) -> list[int]:
    """Delete images as fast as eight threads can, and pretend to be many clients; return the statuses."""
    local = threading.local()

    def delete(image_id: int) -> int:
        local.session = getattr(local, "session", None) or requests.Session()
        forged = {"X-Forwarded-For": f"203.0.113.{image_id % 256}"}
        url = f"http://127.0.0.1:{port}/delete/{image_id}"
        return local.session.delete(url, headers=forged, timeout=60).status_code

    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(delete, ids))


@ON_BOTH_DATABASES
def test_the_limit_holds_for_three_hundred_deletions_at_once(bare, tmp_path, database_url):
    ids = fill(database_url, tmp_path, 300)
    codes = delete_all(bare.port, ids)
    assert (codes.count(200), codes.count(429)) == (120, 180)
    left = requests.get(f"{bare.url}/images-list", timeout=30).json()["pagination"]["total_items"]
    assert left == 180
    assert visit(bare.port, f"/delete/{ids[codes.index(429)]}", "DELETE") == 200


def test_three_hundred_deletions_behind_nginx_are_counted_for_their_client(tmp_path, postgres):
    """Each server counts by itself; nobody knows how many requests nginx sends to which server."""
    with working_folder() as folder, running_host(folder, postgres.create("deletions"), **LIMITS) as host:
        # This is more than both servers allow together.
        ids = fill(host.database, host.folder, 300)
        codes = delete_all(host.nginx.port, ids)
        assert codes.count(200) + codes.count(429) == 300
        assert 120 <= codes.count(200) <= 240
        refused = [image_id for image_id, code in zip(ids, codes, strict=True) if code == 429]
        assert visit(host.nginx.port, f"/delete/{refused[0]}", "DELETE") == 200, "another client's share"


def test_a_form_of_headers_is_refused(bare):
    assert_headers_refused(bare.port)


def test_a_form_of_headers_is_refused_behind_nginx(behind):
    assert_headers_refused(behind.nginx.port)


def assert_headers_refused(port: int) -> None:
    """Check that a form is refused and that its connection takes another request."""
    body = b"".join([with_headers(48_000)] * 150)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for _ in range(2):
        connection.request("POST", "/api/upload", body, {"Content-Type": MULTIPART})
        answer = connection.getresponse()
        assert answer.status == 400
        assert json.loads(answer.read())["message"] == HEADERS
    connection.close()
