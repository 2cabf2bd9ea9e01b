"""Slow clients need little of nginx's memory, and other clients still get answers."""

import re
import socket
import ssl
from contextlib import ExitStack, suppress

import pytest
import requests

from imagehost.settings.reader import ROOT
from tests import pictures
from tests.system import slow_bodies
from tests.system.nginx import Host, Nginx
from tests.system.server import wait_until

SLOW = 512
VISITOR = "127.0.0.9"


@pytest.fixture
def nginx(host: Host, tmp_path):
    settings = {"ASSETS_DIR": host.folder / "assets", "WEB_SERVER_START_PORT": host.backends[0].port}
    with Nginx(tmp_path, **settings) as running:
        yield running


def limit() -> int:
    """Return the memory that Compose lets nginx use, in bytes."""
    (megabytes,) = re.findall(r"\$\{NGINX_MEMORY:-(\d+)m\}", (ROOT / "compose.yaml").read_text())
    return int(megabytes) * 1024 * 1024


def visitor() -> requests.Session:
    """Return a client at another address."""
    session = requests.Session()
    adapter = requests.adapters.HTTPAdapter()
    adapter.init_poolmanager(4, 4, source_address=(VISITOR, 0))
    session.mount("http://", adapter)
    return session


def test_slow_bodies_take_less_than_half_of_the_memory_and_others_are_answered(nginx, host):
    before = slow_bodies.memory(nginx)
    with slow_bodies.begun(nginx, SLOW) as lines, visitor() as other:
        for path in ("/", "/images-list", "/healthz"):
            assert other.get(nginx.url + path, timeout=30).status_code == 200
        answer = other.post(f"{nginx.url}/upload", files={"file": ("x.png", pictures.png())}, timeout=30)
        assert answer.status_code == 200
        refused = sum(map(slow_bodies.is_refused, lines))
        used = slow_bodies.memory(nginx)
    print(f"{before / 2**20:.1f} MiB before, {used / 2**20:.1f} MiB with {SLOW}, {refused} refused")  # noqa: T201  # shown with -s
    assert used < limit() / 2
    assert refused == SLOW - 4 * int(nginx.environment.get("CLIENT_UPLOADS", 32))


def test_by_http_2_each_stream_counts(host):
    """All requests are on one connection."""
    context = ssl.create_default_context(cafile=host.nginx.environment["TLS_CERTIFICATE"])
    context.set_alpn_protocols(["h2"])
    address = ("127.0.0.1", host.nginx.https_port)
    with (
        socket.create_connection(address, timeout=30, source_address=(VISITOR, 0)) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as line,
    ):
        line.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, b""))
        # POST, https, path and authority, without an end of the stream: the body is never sent.
        fields = b"\x83\x87\x04\x07/upload\x01\x09localhost"
        for number in range(40):
            line.sendall(frame(HEADERS, 2 * number + 1, fields, flags=END_OF_HEADERS))
        answers = b""
        # nginx writes the status without Huffman coding.
        while answers.count(b"\x03429") < 8:
            piece = line.recv(65536)
            assert piece, answers
            answers += piece
        line.settimeout(1)
        with suppress(TimeoutError):
            while piece := line.recv(65536):
                answers += piece
        assert answers.count(b"\x03429") == 8


SETTINGS, HEADERS, END_OF_HEADERS = 4, 1, 4


def frame(kind: int, stream: int, payload: bytes, flags: int = 0) -> bytes:
    """Return a frame of HTTP/2 (RFC 9113, section 4.1)."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def test_with_a_higher_limit_half_of_the_memory_is_enough_too(host, tmp_path):
    """Half of the memory is enough with a higher limit, too, since an administrator may raise it."""
    settings = {"CLIENT_UPLOADS": 256, "WEB_SERVER_START_PORT": host.backends[0].port}
    with Nginx(tmp_path, **settings) as nginx, slow_bodies.begun(nginx, SLOW) as lines:
        assert requests.get(f"{nginx.url}/healthz", timeout=30).status_code == 200
        assert sum(map(slow_bodies.is_refused, lines)) == 0
        print(f"{slow_bodies.memory(nginx) / 2**20:.1f} MiB with {SLOW} let in")  # noqa: T201  # as above
        assert slow_bodies.memory(nginx) < limit() / 2


def test_one_address_may_upload_as_many_as_several_people_do_and_no_more(nginx):
    most = 32
    with slow_bodies.begun(nginx, most + 8, [VISITOR]) as lines, visitor() as same:
        wait_until(lambda: sum(map(slow_bodies.is_refused, lines)) == 8, "not so many are refused")
        # Requests without a body have a limit of their own.
        assert same.get(f"{nginx.url}/images-list", timeout=30).status_code == 200
        answer = same.post(f"{nginx.url}/upload", files={"file": ("x.png", pictures.png())}, timeout=30)
        assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
        assert answer.headers["Retry-After"] == "5"
    wait_until(
        lambda: requests.post(f"{nginx.url}/upload", files={"file": pictures.png()}, timeout=30).ok, "still"
    )


@pytest.mark.parametrize(
    "head", ["GET / HTTP/1.1\r\nContent-Length: 9", "GET / HTTP/1.1\r\nTransfer-Encoding: chunked"]
)
def test_a_body_counts_for_every_method(nginx, head):
    with ExitStack() as held:
        lines = []
        for _ in range(40):
            line = held.enter_context(socket.create_connection(("127.0.0.1", nginx.port), timeout=30))
            line.sendall(f"{head}\r\nHost: x\r\n\r\n".encode())
            lines.append(line)
        wait_until(lambda: sum(map(slow_bodies.is_refused, lines)) == 8, "not so many are refused")
