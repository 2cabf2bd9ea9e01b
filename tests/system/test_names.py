"""Names that the host answers to, on the bare server and through nginx. Both use the same table."""

import re
import socket
import ssl
from collections.abc import Iterator

import pytest
import requests

from tests import hosts, pictures
from tests.system.nginx import Host, Nginx, ask, make_certificate, running_host, working_folder
from tests.system.server import Server

PHOTO = pictures.jpg(64, 48)
NAMES = {"PUBLIC_URL": hosts.PUBLIC_URL, "ALLOWED_HOSTS": hosts.ALLOWED_HOSTS, "ACCESS": "open"}
REBINDING = {"Host": "evil.example", "Origin": "http://evil.example"}
TARGETS = {
    "http://localhost/api/upload": 200,
    "http://nas.local:8000/api/upload": 200,
    "http://evil.example/api/upload": 421,
    "https://img.example.org.evil.example/api/upload": 421,
}


@pytest.fixture(scope="module")
def named(postgres) -> Iterator[Host]:
    """Run nginx in front of two servers that have names."""
    with working_folder() as folder:
        settings = {"LOG_FORMAT": "json", **make_certificate(folder), **NAMES}
        with running_host(folder, postgres.create("named"), **settings) as running:
            yield running


@pytest.fixture(scope="module", params=["bare", "nginx", "nginx for scripts"])
def port(request: pytest.FixtureRequest, named: Host) -> int:
    ports = {
        "bare": named.backends[0].port,
        "nginx": named.nginx.port,
        "nginx for scripts": named.nginx.port + 1,
    }
    return ports[request.param]


def status(port: int, host: str, target: str = "/api/upload") -> int:
    return ask(port, f"GET {target} HTTP/1.1\r\nHost: {host}".encode()).status


def test_both_answer_to_the_same_names(port):
    assert {host: status(port, host) for host in hosts.OWN} == dict.fromkeys(hosts.OWN, 200)
    assert {host: status(port, host) for host in hosts.OTHER} == dict.fromkeys(hosts.OTHER, 421)


def test_invalid_names_are_refused(port):
    told = {host: status(port, host) for host in hosts.BROKEN}
    assert set(told.values()) <= {400, 421}, told


def test_health_checks_may_use_any_name(port):
    asked = [(path, host) for path in ("/healthz", "/readyz") for host in hosts.OTHER]
    assert {status(port, host, path) for path, host in asked} == {200}


def test_a_target_that_names_a_host_counts(port):
    assert {target: status(port, "localhost", target) for target in TARGETS} == TARGETS


@pytest.mark.parametrize(
    ("first", "second"),
    [("evil.example", "evil.example"), ("evil.example", "localhost"), ("localhost", "evil.example")],
)
def test_two_names_are_refused(port, first, second):
    head = f"GET /api/upload HTTP/1.1\r\nHost: {first}\r\nHost: {second}".encode()
    assert ask(port, head).status in {400, 421}


def test_an_old_request_without_a_name_is_answered(port):
    assert ask(port, b"GET /api/upload HTTP/1.0").status == 200


def test_a_rebound_name_cannot_list_upload_or_delete(named, port):
    url = f"http://127.0.0.1:{port}"
    image = named.upload(PHOTO)
    path = f"/api/upload/{image['filename']}"
    files = {"file": ("x.jpg", PHOTO)}
    before = requests.get(f"{url}/api/upload", timeout=30).json()
    answers = [
        requests.get(f"{url}/api/upload", headers=REBINDING, timeout=30),
        requests.get(f"{url}/images-list", headers=REBINDING, timeout=30),
        requests.post(f"{url}/upload", files=files, headers=REBINDING, timeout=30),
        requests.post(f"{url}/api/upload", files=files, headers=REBINDING, timeout=30),
        requests.post(f"{url}/delete/{image['id']}", headers=REBINDING, timeout=30),
        requests.delete(url + path, headers=REBINDING, timeout=30),
        # A page may send the headers that proxies send.
        requests.get(f"{url}/api/upload", headers={**REBINDING, "X-Forwarded-Host": "localhost"}, timeout=30),
        requests.delete(url + path, headers={**REBINDING, "X-Forwarded-Host": "evil.example"}, timeout=30),
    ]
    assert [answer.status_code for answer in answers] == [421] * len(answers)
    assert {answer.json()["code"] for answer in answers} == {"wrong_host"}
    assert requests.get(f"{url}/api/upload", timeout=30).json() == before


def test_files_from_the_disk_are_served_for_the_same_names(named):
    image = named.upload(PHOTO)
    html = requests.get(named.url, headers={"Accept": "text/html"}, timeout=30).text
    style = re.search(r'href="(/static/[^"]+\.css)"', html)[1]
    paths = [f"/images/{image['filename']}", f"/thumbnails/{image['filename']}.webp", style, "/favicon.ico"]
    port = named.nginx.port
    assert {path: status(port, "nas.local", path) for path in paths} == dict.fromkeys(paths, 200)
    assert {path: status(port, "evil.example", path) for path in paths} == dict.fromkeys(paths, 421)


@pytest.mark.parametrize(("host", "expected"), [("img.example.org", 200), ("evil.example", 421)])
def test_tls_has_the_same_names(named, host, expected):
    trusting = ssl.create_default_context(cafile=named.folder / "certificate.pem")
    line = trusting.wrap_socket(
        socket.create_connection(("127.0.0.1", named.nginx.https_port), timeout=30),
        server_hostname="localhost",
    )
    with line:
        line.sendall(f"GET /api/upload HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        assert line.recv(12).split()[1] == str(expected).encode()


def test_if_plain_http_redirects_to_tls_other_names_are_refused(named, tmp_path):
    settings = {"ASSETS_DIR": named.folder / "assets", "HTTPS_REDIRECT": "true", "WEB_SERVER_START_PORT": 1}
    with Nginx(tmp_path, **make_certificate(tmp_path), **settings) as nginx:
        assert status(nginx.port, "localhost", "/x") == 308
        assert status(nginx.port, "evil.example", "/x") == 421


def test_without_the_files_of_the_application_it_decides(named, tmp_path):
    with Nginx(tmp_path, WEB_SERVER_START_PORT=named.backends[0].port) as nginx:
        assert status(nginx.port, "img.example.org") == 200
        assert status(nginx.port, "evil.example") == 421


def test_international_names_may_be_written_in_unicode(named, tmp_path):
    """nginx lets the application decide about these names."""
    names = {"PUBLIC_URL": "http://Bücher.example", "ALLOWED_HOSTS": "münchen.example,b.example"}
    server = Server(tmp_path, ACCESS="open", WEB_SERVER_WORKERS=1, TRUSTED_PROXIES=1, **names)
    folders = {"ASSETS_DIR": named.folder / "assets", "NGINX_CONF_DIR": tmp_path / "conf"}
    with server, Nginx(tmp_path, WEB_SERVER_START_PORT=server.port, **folders, **names) as nginx:
        expected = {
            "xn--bcher-kva.example": 200,
            "xn--mnchen-3ya.example": 200,
            "b.example": 200,
            "xn--evil-loa.example": 421,
            "evil.example": 421,
        }
        assert {host: status(nginx.port, host) for host in expected} == expected
        files = {"file": ("x.jpg", PHOTO)}
        headers = {"Host": "xn--mnchen-3ya.example", "Origin": "http://xn--mnchen-3ya.example"}
        image = requests.post(f"{nginx.url}/upload", files=files, headers=headers, timeout=30).json()
        assert image["url"].startswith("http://xn--bcher-kva.example/images/")
    assert 'names="b.example, xn--bcher-kva.example, xn--mnchen-3ya.example, localhost' in server.app_log()
