"""The renderer behind the real server: clients that leave, processes that are killed, hostile pictures."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest
import requests

from tests import hostile, pictures
from tests.system.server import Server, wait_until

SLOW = hostile.jpeg(5000, 5000, 4, 100)
"""A picture that takes longer to decode than these tests last."""


@pytest.fixture
def server(tmp_path):
    with Server(tmp_path, WEB_SERVER_WORKERS=1, MAX_WORK=10**12, LOG_LEVEL="debug") as running:
        yield running


def upload(server: Server, content: bytes) -> dict[str, object]:
    answer = requests.post(f"{server.url}/upload", files={"file": ("x", content)}, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def jobs(server: Server) -> list[int]:
    """Return the processes that render."""
    servers = set(server.workers())
    return [pid for pid in server.renderers() if parent(pid) not in servers]


def parent(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0  # the process has ended


def ask(server: Server, image: dict[str, object]):
    """Request a thumbnail, and do not wait for it."""
    connection = server.connect()
    connection.request("GET", f"/thumbnails/{image['filename']}.webp")
    return connection


def test_each_worker_has_a_server_before_the_first_picture_comes(server):
    assert len(server.renderers()) == len(server.workers()) == 1


def test_a_job_ends_when_its_client_leaves(server):
    connection = ask(server, upload(server, SLOW))
    wait_until(lambda: jobs(server), "it does not begin")
    connection.close()
    wait_until(lambda: not jobs(server), "the job goes on")
    photo = upload(server, pictures.jpg(1300, 900))
    assert requests.get(photo["thumbnail_url"], timeout=30).status_code == 200


def test_a_client_that_waits_in_vain_leaves_the_queue(server):
    image = upload(server, SLOW)
    first, second = ask(server, image), ask(server, image)
    wait_until(lambda: jobs(server), "it does not begin")
    first.close()
    second.close()
    wait_until(lambda: not jobs(server), "the job goes on")
    wait_until(lambda: server.app_log().count("status=503") == 2, "they still wait")


def test_four_slow_pictures_do_not_delay_another_visitor(server):
    slow = [ask(server, upload(server, SLOW)) for _ in range(4)]
    wait_until(lambda: jobs(server), "it does not begin")
    photo = upload(server, pictures.jpg(1300, 900))
    begin = time.monotonic()
    assert requests.get(photo["thumbnail_url"], timeout=30).status_code == 200
    took = time.monotonic() - begin
    assert jobs(server), "the slow ones came first"
    assert took < 8, "it waited for a slot"
    for connection in slow:
        connection.close()


def test_a_killed_server_of_the_renderer_is_replaced(server):
    (killed,) = server.renderers()
    os.kill(killed, signal.SIGKILL)
    photo = upload(server, pictures.jpg(1300, 900))
    assert requests.get(photo["thumbnail_url"], timeout=30).status_code == 200
    assert len(server.renderers()) == 1
    assert server.renderers() != [killed]


def test_a_killed_worker_leaves_no_process_behind(server):
    connection = ask(server, upload(server, SLOW))
    wait_until(lambda: jobs(server), "it does not begin")
    before = server.renderers()
    os.kill(server.workers()[0], signal.SIGKILL)
    wait_until(lambda: not set(before) & set(server.processes()), "processes are left")
    connection.close()
    wait_until(lambda: len(server.renderers()) == 1, "the next worker has no server", 30)


def test_a_stop_ends_renderings(server):
    connection = ask(server, upload(server, SLOW))
    wait_until(lambda: jobs(server), "it does not begin")
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    connection.close()
    stopping.join(20)
    assert server.processes() == []


HOSTILE = {
    "a grey JPEG of 62 scans": hostile.grey_jpeg,
    "a CMYK JPEG of 100 scans": hostile.cmyk_jpeg,
    "a lossless WebP": hostile.webp,
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_picture_is_decoded_only_once(tmp_path, make):
    kinds = "jpg,webp"
    with Server(tmp_path, WEB_SERVER_WORKERS=1, MAX_WORK=10**12, ALLOWED_EXTENSIONS=kinds) as server:
        url = upload(server, make())["thumbnail_url"]
        first = requests.get(url, timeout=60)
        begin = time.monotonic()
        second = requests.get(url, timeout=60)
        assert (first.status_code, first.content) == (second.status_code, second.content)
        assert time.monotonic() - begin < 1
        assert first.status_code in {200, 422}
        assert not jobs(server)
