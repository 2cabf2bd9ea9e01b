"""nginx behind a further proxy accepts client, scheme and host only from that proxy."""

import json
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import pytest
import requests

from imagehost.settings.parsers import parse_networks
from tests import hosts, pictures
from tests.conftest import PAGE
from tests.system.nginx import Answer, Host, Nginx, make_certificate, working_folder
from tests.system.server import wait_until

PHOTO = pictures.jpg(64, 48)
PROXY, SECOND_PROXY, STRANGER = "127.0.0.2", "127.9.0.5", "127.0.0.1"
TOLD = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "img.example.org",
}


@pytest.fixture(scope="module")
def nginx(host: Host) -> Iterator[Nginx]:
    """Run nginx in front of the host's servers, and behind proxies at two IPv4 addresses and an IPv6 one."""
    with working_folder() as folder:
        settings = {
            **make_certificate(folder),
            "ASSETS_DIR": host.folder / "assets",
            "HTTPS_REDIRECT": "true",
            "HTTPS_PORT": 443,
            "IMAGES_DIR": host.images,
            "LISTEN_ADDRESSES": "127.0.0.1 [::1]",
            "ALLOWED_HOSTS": "img.example.org",
            "LOG_FORMAT": "json",
            "PROXY_ADDRESSES": f"{PROXY}, 127.9.0.0/16,::1",
            "WEB_SERVER_START_PORT": host.backends[0].port,
        }
        with Nginx(folder, **settings) as running:
            yield running


def send(nginx: Nginx, source: str, head: str, body: bytes = b"", *, api: bool = True) -> Answer:
    """Send a request from one of this machine's addresses."""
    address = "::1" if ":" in source else "127.0.0.1"
    port = nginx.port + api
    with socket.create_connection((address, port), timeout=30, source_address=(source, 0)) as line:
        line.sendall(head.encode() + b"\r\n\r\n" + body)
        answer = Answer(line)
        answer.begin()
        answer.body = answer.read()
        return answer


def upload(nginx: Nginx, source: str, headers: dict[str, str] | list[str]) -> tuple[dict, dict]:
    """Upload a picture, and return the answer and the application's log line."""
    sent = requests.Request("POST", "http://x", files={"file": ("x.jpg", PHOTO)}).prepare()
    lines = headers if isinstance(headers, list) else [f"{name}: {value}" for name, value in headers.items()]
    kind = [f"Content-Type: {sent.headers['Content-Type']}", f"Content-Length: {len(sent.body)}"]
    head = "\r\n".join(["POST /upload HTTP/1.1", "Host: inner.lan:81", *kind, *lines])
    answer = send(nginx, source, head, sent.body)
    assert answer.status == 200, answer.body
    return json.loads(answer.body), event(nginx, answer.headers["X-Request-ID"])


def event(nginx: Nginx, number: str) -> dict[str, object]:
    """Return the application's log line of an upload, and the client in nginx's log."""
    log = nginx.log_dir.parent / "app.log"
    events = [json.loads(line) for line in log.read_text().splitlines() if number in line]
    (found,) = [each for each in events if each["event"] == "image uploaded"]
    return {**found, "nginx": nginx.line(number)["client"]}


@pytest.fixture(scope="module", autouse=True)
def _app_log(nginx: Nginx, host: Host) -> None:
    (nginx.log_dir.parent / "app.log").symlink_to(host.folder / "logs" / "app.log")


@pytest.mark.parametrize("proxy", [PROXY, SECOND_PROXY, "::1"])
def test_client_scheme_and_host_of_a_proxy_are_used(nginx, proxy):
    image, logged = upload(nginx, proxy, TOLD)
    assert image["url"].startswith("https://img.example.org/images/")
    assert (logged["client"], logged["nginx"]) == ("203.0.113.9", "203.0.113.9")


def test_client_scheme_and_host_of_other_clients_are_ignored(nginx):
    image, logged = upload(nginx, STRANGER, TOLD)
    assert image["url"].startswith("http://inner.lan:81/images/")
    assert (logged["client"], logged["nginx"]) == (STRANGER, STRANGER)


def test_a_proxy_that_says_nothing_is_the_client_itself(nginx):
    image, logged = upload(nginx, PROXY, {})
    assert image["url"].startswith("http://inner.lan:81/images/")
    assert logged["client"] == PROXY


@pytest.mark.parametrize("claimed", ["198.51.100.1", PROXY, "::1", "unknown", "127.0.0.1", "'", "x" * 500])
def test_values_of_a_client_behind_the_proxy_are_ignored(nginx, claimed):
    """The proxy adds its own values at the end, like all proxies that keep the client's values."""
    told = {
        "X-Forwarded-For": f"{claimed}, 203.0.113.9",
        "X-Forwarded-Proto": "http, https",
        "X-Forwarded-Host": "evil.example, img.example.org:8443",
    }
    image, logged = upload(nginx, PROXY, told)
    assert image["url"].startswith("https://img.example.org:8443/images/")
    assert logged["client"] == "203.0.113.9"


def test_a_line_of_its_own_does_not_count_either(nginx):
    told = ["X-Forwarded-For: 198.51.100.1", "X-Forwarded-For: 203.0.113.9"]
    _, logged = upload(nginx, PROXY, told)
    assert logged["client"] == "203.0.113.9"


def test_several_trusted_proxies_are_looked_through(nginx):
    told = {"X-Forwarded-For": f"198.51.100.1, 2001:db8::7, {SECOND_PROXY}, ::1"}
    _, logged = upload(nginx, PROXY, told)
    assert logged["client"] == "2001:db8::7"


@pytest.mark.parametrize(
    "named", ["a b", "x/..", "x\\", "http://x", "", ",", "[::1", "x:y", "user@x", "x%0d", "ü"]
)
def test_an_invalid_host_is_ignored(nginx, named):
    image, _ = upload(nginx, PROXY, {"X-Forwarded-Host": named.encode().decode("latin-1")})
    assert image["url"].startswith("http://inner.lan:81/images/")


@pytest.mark.parametrize("named", ["[2001:db8::1]:8443", "bilder.lan", "img.example.org:80"])
def test_a_host_is_taken_as_the_proxy_names_it(nginx, named):
    image, _ = upload(nginx, PROXY, {"X-Forwarded-Host": named, "X-Forwarded-Proto": "HTTPS"})
    assert image["url"].startswith(f"https://{named}/images/")


def status(nginx: Nginx, source: str, host: str, forwarded: str, *, api: bool, path: str) -> int:
    """Send a request with two names, and return the status."""
    # The scheme is TLS, since nginx would redirect plain HTTP.
    told = f"X-Forwarded-Host: {forwarded}\r\nX-Forwarded-Proto: https"
    return send(nginx, source, f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{told}", api=api).status


@pytest.mark.parametrize("api", [False, True])
def test_the_forwarded_host_must_be_a_name_of_the_host(nginx, host, api):
    """This also holds for files that nginx serves from the disk, without the application."""
    paths = ["/api/upload", f"/images/{host.upload(PHOTO)['filename']}"]
    cases = [(named, path) for named in (*hosts.OWN, *hosts.OTHER) for path in paths]
    told = {
        case: status(nginx, PROXY, "inner.lan", case[0], api=api, path=case[1])
        for case in cases
        # Names that need a setting which this host does not have, and values that are not names, are left
        # out.
        if not (case[0] in hosts.OWN and case[0].endswith(".example")) and "," not in case[0]
    }
    assert told == {case: 200 if allowed(case[0]) else 421 for case in told}


def allowed(name: str) -> bool:
    return name in hosts.OWN and name != "pictures.example.net"


@pytest.mark.parametrize("api", [False, True])
def test_a_page_that_sends_the_headers_of_proxies_is_refused(nginx, host, api):
    """A proxy may forward X-Forwarded-Host of a page whose own name points here; its Host is true."""
    for path in ("/api/upload", f"/images/{host.upload(PHOTO)['filename']}"):
        assert status(nginx, PROXY, "evil.example", "localhost", api=api, path=path) == 421
        assert status(nginx, PROXY, "localhost", "evil.example", api=api, path=path) == 421
        assert status(nginx, PROXY, "EVIL.example.:81", "img.example.org", api=api, path=path) == 421
        # nginx ignores the header of a client that is not a proxy.
        assert status(nginx, STRANGER, "localhost", "evil.example", api=True, path=path) == 200
        assert status(nginx, STRANGER, "evil.example", "localhost", api=True, path=path) == 421
    assert status(nginx, PROXY, "evil.example", "evil.example", api=api, path="/healthz") == 200


@pytest.mark.parametrize("scheme", ["ftp", "", "https://", "javascript", "http,"])
def test_an_invalid_scheme_is_ignored(nginx, scheme):
    image, _ = upload(nginx, PROXY, {"X-Forwarded-Proto": scheme})
    assert image["url"].startswith("http://")


def test_forms_of_our_own_pages_are_taken_behind_a_proxy(nginx):
    browser = {**TOLD, "Accept": PAGE["Accept"]}
    for origin, status in (("https://img.example.org", 303), ("https://evil.example", 403)):
        sent = requests.Request("POST", "http://x", files={"file": ("x.jpg", PHOTO)}).prepare()
        kind = {"Content-Type": sent.headers["Content-Type"], "Content-Length": str(len(sent.body))}
        lines = [f"{name}: {value}" for name, value in {**browser, **kind, "Origin": origin}.items()]
        head = "\r\n".join(["POST /upload HTTP/1.1", "Host: inner", *lines])
        assert send(nginx, PROXY, head, sent.body).status == status


def test_requests_that_came_to_the_proxy_by_tls_are_not_redirected(nginx):
    """Otherwise the browser would be redirected without end."""
    lines = [f"{name}: {value}" for name, value in TOLD.items()]
    by_tls = send(nginx, PROXY, "\r\n".join(["GET /images-list HTTP/1.1", "Host: x", *lines]), api=False)
    assert by_tls.status == 200
    plain = [*lines[::2], "X-Forwarded-Proto: http"]
    answer = send(nginx, PROXY, "\r\n".join(["GET /a?b=c HTTP/1.1", "Host: x:81", *plain]), api=False)
    assert (answer.status, answer.headers["Location"]) == (308, "https://img.example.org/a?b=c")
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-ID"])
    forged = send(nginx, STRANGER, "\r\n".join(["GET /a HTTP/1.1", "Host: x", *lines]), api=False)
    assert (forged.status, forged.headers["Location"]) == (308, "https://x/a")


def test_errors_and_health_checks_are_not_redirected(nginx):
    broken = send(nginx, STRANGER, "GET /x HTTP/1.1\r\nHost: x\r\nContent-Length: y", api=False)
    assert (broken.status, json.loads(broken.body)["status"]) == (400, "error")
    assert send(nginx, STRANGER, "GET /healthz HTTP/1.1\r\nHost: x", api=False).status == 200
    assert send(nginx, STRANGER, "GET /.error HTTP/1.1\r\nHost: x", api=False).status == 404


def test_clients_behind_the_proxy_are_counted_separately(host, tmp_path):
    """Each may have one upload at a time; a second one gets 429."""
    port = host.backends[0].port
    settings = {"CLIENT_UPLOADS": 1, "PROXY_ADDRESSES": PROXY, "WEB_SERVER_START_PORT": port}
    # One worker handles requests in their order. With two, the second request could be counted first.
    with Nginx(tmp_path, NGINX_WORKERS=1, **settings) as nginx, ExitStack() as held:

        def is_refused(client: str) -> bool:
            return begin_and_read(nginx, client).startswith(b"HTTP/1.1 429")

        for client in ("203.0.113.1", "203.0.113.2", "2001:db8::1"):
            held.enter_context(begin(nginx, client))
        # An IPv6 network is one client, and so is an IPv4 address in any notation.
        for client in ("203.0.113.1", "2001:db8::2:3", "::ffff:203.0.113.1"):
            wait_until(partial(is_refused, client), f"{client} is not counted")
        for client in ("203.0.113.3", "2001:db8:0:1::1", "::ffff:203.0.113.4", "::1"):
            assert not is_refused(client)


def begin(nginx: Nginx, client: str) -> socket.socket:
    """Begin an upload, and do not send its body."""
    line = socket.create_connection(("127.0.0.1", nginx.port), timeout=30, source_address=(PROXY, 0))
    head = f"POST /upload HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {client}\r\nContent-Length: 1000\r\n\r\n"
    line.sendall(head.encode())
    return line


def begin_and_read(nginx: Nginx, client: str, seconds: float = 0.5) -> bytes:
    """Begin an upload, and return the bytes that arrive within some seconds."""
    with begin(nginx, client) as line:
        line.settimeout(seconds)
        try:
            return line.recv(1000)
        except TimeoutError:
            return b""


@pytest.mark.parametrize(
    "value",
    [
        *("10.0.0", "10.0.0.256", "01.2.3.4", "10.0.0.0/33", "10.0.0.1,,10.0.0.2", ",", "all", "unix:"),
        *("1::2::3", ":::", "1:2:3:4:5:6:7:8:9", "::1/129", "12345::", "fe80::1%eth0"),
        *("10.0.0.1;return 200", "10.0.0.1 10.0.0.2", "$(id)", "a"),
    ],
)
def test_an_invalid_list_of_proxies_stops_the_start(tmp_path, value):
    nginx = Nginx(tmp_path, PROXY_ADDRESSES=value)
    ended = subprocess.run(
        nginx.command(), env=nginx.environment, capture_output=True, text=True, check=False, timeout=30
    )
    allowed = "a list of IP addresses and networks, such as 10.0.0.0/8"
    assert ended.returncode != 0
    assert ended.stderr == f"imagehost: the setting PROXY_ADDRESSES is '{value}', but must be {allowed}.\n"


def test_all_kinds_of_addresses_are_known(tmp_path):
    given = (
        "10.0.0.0/8, 192.0.2.7 ,::1,2001:db8::/32,1:2:3:4:5:6:7:8,1:2:3:4:5:6::,fe80::1/128,0.0.0.0/0,::/0"
    )
    nginx = Nginx(tmp_path, PROXY_ADDRESSES=given)
    assert "test is successful" in nginx.check()
    # The application reads the same list in the same way.
    assert len(parse_networks(given)) == 9
