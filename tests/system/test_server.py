"""The server that ``make run`` starts, tested through its socket, on both databases."""

import hashlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from imagehost.settings.reader import ROOT
from tests import pictures
from tests.ports import free_port
from tests.system import truth
from tests.system.server import MAKE_RUN, SECONDS_TO_START, Server, wait_until

PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PHOTO = pictures.jpg(640, 427)
LARGE = pictures.jpg(3600, 2400, quality=97)
"""A picture. Half of it is larger than the part that is kept in memory, so it is on the disk by then."""
BOUNDARY = "----boundary"
MEGABYTE = 1024 * 1024
ESTABLISHED = "01"
"""The state of an open connection in /proc/net/tcp."""


@pytest.fixture(scope="module")
def server_command() -> list[str]:
    return MAKE_RUN


def form(content: bytes) -> bytes:
    """Return the bytes of a form with one picture."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="x.jpg"\r\n\r\n'
    return head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def head(server: Server, *lines: str) -> bytes:
    """Return the head of an upload."""
    kind = f"Content-Type: multipart/form-data; boundary={BOUNDARY}"
    return "\r\n".join(
        ["POST /upload HTTP/1.1", f"Host: 127.0.0.1:{server.port}", kind, *lines, "", ""]
    ).encode()


def upload(server: Server, content: bytes = PHOTO) -> dict[str, object]:
    answer = requests.post(f"{server.url}/upload", files={"file": ("x.jpg", content)}, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_uploading_listing_and_deleting_work_with_json(server, url):
    image = upload(server)
    assert image["url"].startswith(server.url + "/images/")
    got = requests.get(image["url"], timeout=30)
    assert got.content == PHOTO
    assert got.headers["Content-Type"] == "image/jpeg"
    assert requests.get(image["thumbnail_url"], timeout=30).headers["Content-Type"] == "image/webp"
    listed = requests.get(f"{server.url}/images-list", timeout=30).json()["data"]
    assert listed[0]["filename"] == image["filename"]
    assert requests.delete(f"{server.url}/api/upload/{image['filename']}", timeout=30).status_code == 200
    for path in (image["url"], image["thumbnail_url"], image["view_url"]):
        assert requests.get(path, timeout=30).status_code == 404
    truth.assert_exact(url, server.folder / "images")


def test_uploading_listing_and_deleting_work_with_plain_forms(server, url):
    def send(method: str, path: str, **options: object) -> requests.Response:
        headers = {**PAGE, "Origin": server.url}
        return requests.request(
            method, server.url + path, headers=headers, allow_redirects=False, timeout=30, **options
        )

    assert send("GET", "/").status_code == send("GET", "/upload").status_code == 200
    sent = send("POST", "/upload", files={"file": ("Urlaub.jpg", PHOTO)})
    assert sent.status_code == 303
    view = send("GET", sent.headers["Location"])
    assert view.status_code == 200
    assert "Urlaub.jpg" in view.text
    listed = send("GET", "/images-list")
    deletion = re.search(r'action="(/delete/\d+)"', listed.text)
    gone = send("POST", deletion[1])
    assert (gone.status_code, gone.headers["Location"]) == (303, "/images-list")
    assert send("GET", sent.headers["Location"]).status_code == 404
    truth.assert_exact(url, server.folder / "images")


def test_a_client_that_expects_100_continue_gets_it(server):
    body = form(PHOTO)
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as line:
        line.sendall(head(server, f"Content-Length: {len(body)}", "Expect: 100-continue"))
        assert line.recv(1024).startswith(b"HTTP/1.1 100 ")
        line.sendall(body)
        answer = http.client.HTTPResponse(line)
        answer.begin()
        assert answer.status == 200
        answer.close()


def test_an_upload_of_unknown_length_is_taken(server):
    def pieces():
        body = form(PHOTO)
        yield from (body[start : start + 1000] for start in range(0, len(body), 1000))

    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    answer = requests.post(f"{server.url}/upload", data=pieces(), headers=headers, timeout=30)
    assert answer.status_code == 200
    assert requests.get(answer.json()["url"], timeout=30).content == PHOTO


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "chunked"])
def test_thirty_megabytes_are_refused(server, url, declared):
    body = form(bytes(30 * MEGABYTE))
    data = body if declared else (body[start : start + MEGABYTE] for start in range(0, len(body), MEGABYTE))
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    answer = requests.post(f"{server.url}/upload", data=data, headers=headers, timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert "10.0 MiB" in answer.json()["message"]
    truth.assert_exact(url, server.folder / "images")


@pytest.mark.parametrize("size", [1000, 9 * MEGABYTE], ids=["small", "large"])
def test_a_connection_is_of_use_after_a_refused_upload(server, size):
    connection = server.connect()
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    connection.request("POST", "/upload", form(b"x" * size), headers)
    answer = connection.getresponse()
    assert answer.status == 415
    answer.read()
    connection.request("POST", "/upload", form(PHOTO), headers)
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    answer.read()
    connection.close()


def test_refusals_without_reading_cost_no_later_request(server):
    """The body of a request that is refused at once is still arriving when the next request comes."""
    body = {"file": ("x.jpg", bytes(2 * MEGABYTE))}
    with requests.Session() as session:
        for _ in range(20):
            answer = session.post(f"{server.url}/nowhere", files=body, timeout=30)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
            assert session.get(f"{server.url}/healthz", timeout=30).status_code == 200


@pytest.mark.parametrize("size", [b"ZZ", b"-5", b""], ids=["no number", "negative", "empty"])
def test_a_broken_chunk_is_a_bad_request(server, size):
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(head(server, "Transfer-Encoding: chunked", "Connection: close") + size + b"\r\nx")
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert (answer.status, json.loads(answer.read())["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    ("request_line", "status"),
    [(b"GET / HTTP/9.9", 400), (b"GET /" + b"x" * 9000 + b" HTTP/1.1", 414), (b"GET / HTTP/1.1\r\nX y", 400)],
    ids=["version", "long", "header"],
)
def test_requests_that_are_not_http_are_answered_in_json(server, request_line, status):
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(request_line + b"\r\nHost: x\r\n\r\n")
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        error = json.loads(answer.read())
        assert answer.status == status
        assert (error["status"], error["message"]) == ("error", error["detail"])


@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
def test_a_client_that_hangs_up_half_way_leaves_nothing(server, url, chunked):
    before = truth.rows(url)
    half = form(LARGE)[: len(LARGE) // 2]
    lengths = ["Transfer-Encoding: chunked"] if chunked else [f"Content-Length: {len(form(LARGE))}"]
    piece = b"%x\r\n%b\r\n" % (len(half), half) if chunked else half
    refused = server.app_log().count("refused")
    for _ in range(4):
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as line:
            line.sendall(head(server, *lengths) + piece)
    wait_until(lambda: server.app_log().count("refused") >= refused + 4, "nobody noticed")
    wait_until(lambda: not open_uploads(server), "temporary files are open")
    truth.assert_exact(url, server.folder / "images", before)
    assert "Traceback" not in server.logs()


def open_uploads(server: Server) -> list[str]:
    """Return the unnamed temporary files that the server's processes have open."""
    found = []
    for process in server.processes():
        for descriptor in Path(f"/proc/{process}/fd").iterdir():
            try:
                target = str(descriptor.readlink())
            except OSError:
                continue  # it was closed meanwhile
            if "/.incoming/" in target:
                found.append(target)
    return found


def test_a_worker_that_is_killed_is_replaced(server, url):
    kept = upload(server)
    workers = server.workers()
    assert len(workers) == 2
    os.kill(workers[0], signal.SIGKILL)
    wait_until(
        lambda: workers[0] not in server.workers() and len(server.workers()) == 2, "it was not replaced"
    )
    for _ in range(8):
        upload(server)
    assert requests.get(kept["url"], timeout=30).content == PHOTO
    truth.assert_exact(url, server.folder / "images")


def test_a_stop_lets_an_upload_finish_and_is_soon_done(server_database, tmp_path):
    _, url = server_database
    with Server(tmp_path, MAKE_RUN, DATABASE_URL=url, IMAGES_DIR=server_database[0] / "images") as running:
        body = form(LARGE)
        with socket.create_connection(("127.0.0.1", running.port), timeout=30) as line:
            line.sendall(head(running, f"Content-Length: {len(body)}") + body[: len(body) // 2])
            wait_until(lambda: open_uploads(running), "the upload does not begin")
            os.killpg(running.process.pid, signal.SIGTERM)
            begin = time.monotonic()
            wait_until(lambda: len(running.workers()) == 1, "the idle worker does not end")
            line.sendall(body[len(body) // 2 :])
            answer = http.client.HTTPResponse(line)
            answer.begin()
            assert answer.status == 200
            filename = json.loads(answer.read())["filename"]
            answer.close()
        wait_until(lambda: not running.processes(), "it does not stop", 15)
        assert time.monotonic() - begin < 10
        log = running.app_log()
    assert truth.rows(url)[filename] == hashlib.sha256(LARGE).hexdigest()
    assert filename in truth.files(server_database[0] / "images")
    assert [word for word in ("started", "image uploaded", "stopped") if word not in log] == []
    assert log.count("started") == log.count("stopped") == 1
    assert "Traceback" not in running.logs()


def test_an_idle_server_stops_within_seconds_and_logs_it(server_database, tmp_path):
    with (
        Server(tmp_path, MAKE_RUN, DATABASE_URL=server_database[1]) as running,
        requests.Session() as session,
    ):
        # A connection that is kept alive does not delay the stop.
        session.get(f"{running.url}/healthz", timeout=30)
        assert running.stop() < 10
    log = running.app_log()
    assert re.search(r"INFO - - started addresses=127\.0\.0\.1:\d+ workers=2 names=.localhost and .*\n", log)
    assert re.search(r"INFO - - stopped\n", log)


def test_workers_share_no_connection_of_the_process_that_migrated(server_database, tmp_path):
    with Server(tmp_path, DATABASE_URL=server_database[1]) as running:
        first, second = running.workers()
        assert not opened(first) & opened(second)


def opened(process: int) -> set[str]:
    """Return the databases that a process has open: files, and connections."""
    files = set()
    for path in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):  # it was closed meanwhile
            files.add(str(path.readlink()))
    lines = [line.split() for line in Path(f"/proc/{process}/net/tcp").read_text().splitlines()[1:]]
    up = {f"socket:[{line[9]}]" for line in lines if line[3] == ESTABLISHED}
    return (files & up) | {name for name in files if ".db" in name}


def test_every_port_answers(server_database, tmp_path):
    first = free_port(in_a_row=2)
    folder, url = server_database
    settings = {"WEB_SERVER_START_PORT": first, "WEB_SERVER_PORTS": 2, "IMAGES_DIR": folder / "images"}
    with Server(tmp_path, DATABASE_URL=url, **settings):
        for port in (first, first + 1):
            for _ in range(4):
                assert requests.get(f"http://127.0.0.1:{port}/readyz", timeout=30).status_code == 200


def test_acknowledged_uploads_survive_a_kill_of_all_processes(server_database, tmp_path):
    folder, url = server_database
    acknowledged: dict[str, str] = {}
    ended = threading.Event()

    def send(thread: int) -> None:
        number = 0
        while not ended.is_set():
            number += 1
            content = pictures.png(16 + thread, 16 + number % 100)
            try:
                answer = requests.post(
                    f"{running.url}/upload", files={"file": ("x.png", content)}, timeout=30
                )
            except requests.RequestException:
                continue
            if answer.status_code == 200:
                acknowledged[answer.json()["filename"]] = hashlib.sha256(content).hexdigest()

    with Server(tmp_path, DATABASE_URL=url, IMAGES_DIR=folder / "images") as running:
        with ThreadPoolExecutor(4) as pool:
            sending = [pool.submit(send, thread) for thread in range(4)]
            wait_until(lambda: len(acknowledged) > 40, "nothing is uploaded", 30)
            running.kill()
            ended.set()
        for done in sending:
            done.result()
        running.launch()
        wait_until(running.is_up, "it does not start again", SECONDS_TO_START)
        rows, files = truth.rows(url), truth.files(folder / "images")
        assert acknowledged.items() <= rows.items()
        assert rows.items() <= files.items()
        counted, by_rows = truth.days(url)
        assert counted == by_rows
        upload(running)
    for name in files.keys() - rows.keys():
        (folder / "images" / name[:2] / name).unlink()


def test_the_log_has_a_line_for_each_event(server):
    image = upload(server)
    requests.delete(f"{server.url}/delete/{image['id']}", timeout=30)
    log = server.app_log()
    moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    name = re.escape(image["filename"])
    assert re.search(rf"^{moment} INFO - - started ", log, re.MULTILINE)
    assert re.search(
        rf"^{moment} INFO [0-9a-f]{{16}} 127\.0\.0\.1 image uploaded image={name} ", log, re.MULTILINE
    )
    assert re.search(
        rf"^{moment} INFO [0-9a-f]{{16}} 127\.0\.0\.1 image deleted image={name}$", log, re.MULTILINE
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [("MAX_FILE_SIZE", "ten"), ("WEB_SERVER_START_PORT", "70000"), ("DATABASE_URL", "mysql://x/y")],
)
def test_a_wrong_setting_stops_the_start_with_one_line(tmp_path, name, value):
    line = failed_start(tmp_path, name, value)
    assert name in line
    assert value in line


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:secret@127.0.0.1:1/none",
        "postgresql://user:secret@127.0.0.1/none?sslmode=bogus",
        "sqlite:////nonexistent/folder/imagehost.db",
        f"sqlite:///{__file__}",
    ],
)
def test_a_database_that_cannot_be_opened_stops_the_start_with_one_line(tmp_path, url):
    line = failed_start(tmp_path, "DATABASE_URL", url)
    assert "cannot be opened: " in line
    assert "secret" not in line


def failed_start(tmp_path, name, value):
    """Start the server with a wrong setting, and return the one line that it prints."""
    environment = {**os.environ, "INSTANCE_DIR": str(tmp_path), "LOG_LEVEL": "error", name: value}
    ended = subprocess.run(
        MAKE_RUN,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode != 0
    lines = [line for line in ended.stderr.splitlines() if line.startswith("imagehost: ")]
    others = [line for line in ended.stderr.splitlines() if not line.startswith(("imagehost: ", "make"))]
    # The output of earlier steps contains no traceback.
    assert len(lines) == 1, ended.stderr
    assert len(others) <= 1, ended.stderr
    assert "Traceback" not in ended.stderr
    return lines[0]
