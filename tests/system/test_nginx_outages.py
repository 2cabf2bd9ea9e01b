"""Clients do not notice that backends start and stop, or that other clients are slow."""

import hashlib
import itertools
import random
import re
import resource
import selectors
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Self

import pytest
import requests
from PIL import Image

from tests import pictures
from tests.ports import free_port
from tests.storage.small_disk import NAMESPACES
from tests.system import truth
from tests.system.nginx import Host, Nginx, read
from tests.system.server import SECONDS_TO_START, Server, wait_until

SLOW_CLIENTS = 300
PROMPT = 2
"""The maximum number of seconds of a request."""


def distinct(number: int) -> bytes:
    """Return a small picture that is different for each number."""
    return pictures.encode(Image.new("RGB", (9, 9), (number % 256, number // 256 % 256, 99)), "png")


@contextmanager
def load(threads: int, act: Callable[[], object]) -> Iterator[list[object]]:
    """Call a function repeatedly in a number of threads until the block ends, and yield the results."""
    ended = threading.Event()
    results: list[object] = []

    def work(_: int) -> None:
        while not ended.is_set():
            results.append(act())

    with ThreadPoolExecutor(threads) as pool:
        working = [pool.submit(work, number) for number in range(threads)]
        try:
            yield results
        finally:
            ended.set()
    for done in working:
        done.result()


def getting(host: Host, paths: list[str]) -> Callable[[], object]:
    """Return a function that requests one of the paths, and returns the status or the error."""
    sessions = threading.local()

    def get() -> object:
        session = sessions.__dict__.setdefault("session", requests.Session())
        try:
            return session.get(host.url + random.choice(paths), timeout=30).status_code
        except requests.RequestException as error:
            return repr(error)

    return get


def restarted(server: Server) -> None:
    server.launch()
    wait_until(server.is_up, "it does not start again", SECONDS_TO_START)


@pytest.mark.parametrize(("method", "again"), [("GET", True), ("DELETE", True), ("POST", False)])
def test_an_upload_is_not_sent_a_second_time(tmp_path, method, again):
    """Both backends close every connection."""
    first = free_port(in_a_row=2)
    asked: list[bytes] = []

    def hang_up(backend: socket.socket) -> None:
        while not ended.is_set():
            with suppress(TimeoutError):
                line, _ = backend.accept()
                with line:
                    asked.append(line.recv(65536).split()[0])

    ended = threading.Event()
    with ExitStack() as running:
        pool = running.enter_context(ThreadPoolExecutor(2))
        running.callback(ended.set)
        for port in (first, first + 1):
            backend = running.enter_context(socket.create_server(("127.0.0.1", port)))
            backend.settimeout(0.1)
            pool.submit(hang_up, backend)
        nginx = running.enter_context(Nginx(tmp_path, WEB_SERVER_START_PORT=first, WEB_SERVER_PORTS=2))
        asked.clear()
        assert requests.request(method, f"{nginx.url}/upload", data=b"x", timeout=30).status_code == 502
    assert set(asked) == {method.encode()}
    assert (len(asked) > 1) is again


class SlowClients:
    """Clients that send a byte a second, of a head or of a body."""

    def __init__(self, port: int) -> None:
        self.ended = threading.Event()
        self.lines: dict[str, list[socket.socket]] = {"head": [], "body": []}
        for number in range(SLOW_CLIENTS):
            for kind, lines in self.lines.items():
                # Use many addresses, since nginx limits the connections of one address.
                source = (f"127.0.1.{number % 50 + 1}", 0)
                line = socket.create_connection(("127.0.0.1", port), 30, source)
                end = b"Content-Length: 100000\r\n\r\n" if kind == "body" else b"X-Slow: "
                line.sendall(b"POST /upload HTTP/1.1\r\nHost: x\r\n" + end)
                lines.append(line)
        self.begun = time.monotonic()
        self.sending = threading.Thread(target=self.drip)

    def __enter__(self) -> Self:
        self.sending.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.sending.join()
        for line in itertools.chain(*self.lines.values()):
            line.close()

    def drip(self) -> None:
        """Send the next byte of each client."""
        while not self.ended.wait(1):
            for line in itertools.chain(*self.lines.values()):
                # nginx may have closed the connection.
                with suppress(OSError):
                    line.send(b"x")

    def left(self, kind: str) -> int:
        """Return the number of connections that nginx has not closed."""
        with selectors.DefaultSelector() as selector:
            for line in self.lines[kind]:
                selector.register(line, selectors.EVENT_READ)
            return len(self.lines[kind]) - len(selector.select(0))


@pytest.fixture(scope="module")
def slow(host: Host) -> Iterator[SlowClients]:
    with SlowClients(host.nginx.port) as clients:
        yield clients


def test_a_killed_backend_causes_no_failed_get_and_loses_no_answered_upload(host, slow, record_property):
    image = host.upload(pictures.jpg(400, 300))
    paths = ["/", "/images-list", "/api/upload", f"/view/{image['filename']}", image["thumbnail_url"]]
    paths = [path.removeprefix(host.url) for path in paths]
    numbers, acknowledged = itertools.count(), {}

    def upload() -> int:
        content = distinct(next(numbers))
        answer = requests.post(f"{host.url}/upload", files={"file": ("x.png", content)}, timeout=30)
        if answer.status_code == 200:
            acknowledged[answer.json()["filename"]] = hashlib.sha256(content).hexdigest()
        return answer.status_code

    with load(6, getting(host, paths)) as gets, load(2, upload) as uploads:
        for server in host.backends:
            wait_for_more(gets, uploads)
            # Kill the whole process group during requests.
            server.kill()
            wait_for_more(gets, uploads)
            restarted(server)
    record_property("gets", len(gets))
    record_property("failed", len(gets) - gets.count(200))
    print(f"{len(gets)} GETs: {Counter(gets)}; {len(uploads)} uploads: {Counter(uploads)}")  # noqa: T201  # shows the numbers
    assert set(gets) == {200}
    assert len(gets) > 200
    assert set(uploads) <= {200, 502}
    rows = truth.rows(host.database)
    assert acknowledged
    assert acknowledged.items() <= rows.items()
    assert rows.items() <= truth.files(host.images).items()
    # Each picture was sent once, whether its upload was answered or not.
    twice = [each for each, times in Counter(rows.values()).items() if times > 1]
    assert not set(twice) & {hashlib.sha256(distinct(number)).hexdigest() for number in range(next(numbers))}


def wait_for_more(gets: list[int], uploads: list[int]) -> None:
    """Wait until 60 more GETs and 5 more uploads are answered."""
    many, few = len(gets) + 60, len(uploads) + 5
    wait_until(lambda: len(gets) >= many and len(uploads) >= few, "the load has stopped")


def test_hundreds_of_slow_clients_do_not_delay_others_and_are_disconnected(host, slow):
    waited = []
    while slow.left("head") or not waited:
        assert time.monotonic() - slow.begun < 20, "half a head lasts"
        for path in ("/", "/images-list", "/healthz", "/favicon.ico"):
            begin = time.monotonic()
            assert requests.get(host.url + path, timeout=30).status_code == 200
            waited.append(time.monotonic() - begin)
        host.upload(distinct(70000 + len(waited)))
    assert max(waited) < PROMPT
    # These clients continue to send, and use nothing but a connection.
    assert slow.left("body") == SLOW_CLIENTS


def test_thousands_of_connections_of_one_client_do_not_delay_others(host):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    number = 3000
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, number + 1000)), hard))
    with ExitStack() as opened:
        for _ in range(number):
            opened.enter_context(socket.create_connection(("127.0.0.1", host.nginx.port), timeout=30))
        begin = time.monotonic()
        assert requests.get(host.url, timeout=30).status_code == 200
        assert time.monotonic() - begin < PROMPT
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def names(tmp_path) -> Path:
    """Return the ``/etc/hosts`` of the programs that run ``inside``."""
    path = tmp_path / "hosts"
    path.write_text("127.0.0.1 localhost\n")
    return path


@pytest.fixture
def inside(names) -> list[str]:
    """Return a command that runs another one with its own host names."""
    script = f'mount --bind {names} /etc/hosts && exec "$@"'
    for namespace, _ in NAMESPACES:
        command = [*namespace, "sh", "-c", script, "sh"]
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
            return command
    raise RuntimeError("no private /etc/hosts can be made here, neither as root nor by unshare")


@pytest.fixture
def second(host: Host, tmp_path) -> Iterator[Server]:
    """Run a server at another address, and at the same port as the host's first server."""
    first = host.backends[0]
    server = Server(tmp_path, **{**first.environment, "WEB_SERVER_HOST": "127.0.0.2"})
    server.url = f"http://127.0.0.2:{first.port}"
    with server as running:
        yield running
        running.kill()


def test_new_and_removed_backends_are_found_without_errors(host, second, names, inside, tmp_path):
    port = second.port
    settings = {"APP_HOST": "app", "WEB_SERVER_START_PORT": port, "ASSETS_DIR": host.folder / "assets"}
    one, other = f"127.0.0.1:{port}", f"127.0.0.2:{port}"
    (tmp_path / "nginx").mkdir()
    with Nginx(tmp_path / "nginx", inside, LOG_MAX_SIZE=20000, LOG_KEEP=99, **settings) as nginx:

        def get() -> int:
            return requests.get(f"{nginx.url}/images-list", timeout=30).status_code

        def asked(since: int) -> set[str]:
            """Return the backends that were used in the lines of the log from a number on."""
            return set(re.findall(r'upstream="(127[^"]+)"', "\n".join(lines(nginx)[since:])))

        # nginx starts although no address of the application is known yet.
        assert get() == 502
        names.write_text("127.0.0.1 app\n")
        wait_until(lambda: get() == 200, "the first is not found")
        with upload_begun(nginx) as finish, load(2, get) as statuses:
            names.write_text("127.0.0.1 app\n127.0.0.2 app\n")
            wait_until(lambda: asked(0) >= {one, other}, "the second is not found")
            names.write_text("127.0.0.2 app\n")
            wait_until(lambda: one not in read(tmp_path / "nginx/nginx/upstream.conf"), "the first stays")
            wait_until(lambda: asked(len(lines(nginx)) - 20) == {other}, "the first is still asked")
            # If the name cannot be resolved, the last known addresses stay.
            names.write_text("127.0.0.1 localhost\n")
            time.sleep(3)
            assert finish() == 200
            wait_until(lambda: list(nginx.log_dir.glob("access.log.*")), "the log is not rotated")
        assert set(statuses) == {200}
        wait_until(lambda: logged(nginx) > len(statuses), "lines are lost with a rotation")


def lines(nginx: Nginx) -> list[str]:
    """Return all lines of the access log, those of rotated files first."""
    files = sorted(
        nginx.log_dir.glob("access.log*"), key=lambda path: -int(path.suffix[1:].replace("log", "0"))
    )
    return "".join(map(read, files)).splitlines()


def logged(nginx: Nginx) -> int:
    return sum(" 200 " in line and "/images-list" in line for line in lines(nginx))


@contextmanager
def upload_begun(nginx: Nginx) -> Iterator[Callable[[], int]]:
    """Send half of an upload. Yield a function that sends the rest, and returns the status."""
    request = requests.Request("POST", nginx.url, files={"file": ("x.png", distinct(99999))}).prepare()
    head = f"Content-Type: {request.headers['Content-Type']}\r\nContent-Length: {len(request.body)}"
    with socket.create_connection(("127.0.0.1", nginx.port), timeout=30) as line:
        line.sendall(f"POST /upload HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode() + request.body[:50])

        def finish() -> int:
            line.sendall(request.body[50:])
            return int(line.recv(100).split()[1])

        yield finish


def test_logs_are_rotated_past_a_size_and_a_few_are_kept(tmp_path):
    logs = tmp_path / "logs"
    logs.mkdir()
    for name in ("access.log", "error.log"):
        (logs / name).write_text("current " * 100)
        (logs / f"{name}.1").write_text("older")
        (logs / f"{name}.2").write_text("oldest")
    with Nginx(tmp_path, WEB_SERVER_START_PORT=1, LOG_MAX_SIZE=700, LOG_KEEP=2) as nginx:
        for name in ("access.log", "error.log"):
            wait_until(lambda: read(logs / f"{name}.2") == "older", f"{name} is not rotated")  # noqa: B023  # called at once
        wait_until(lambda: (logs / "access.log").exists(), "nginx does not begin another log")
        assert requests.get(f"{nginx.url}/nowhere", timeout=30).status_code == 502
        wait_until(lambda: " /nowhere " in read(logs / "access.log"), "nginx does not use it")
    for name in ("access.log", "error.log"):
        assert read(logs / f"{name}.1").startswith("current ")
        assert read(logs / f"{name}.2") == "older"
        assert not (logs / f"{name}.3").exists()
