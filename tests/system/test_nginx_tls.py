"""TLS and HTTP/2, with a certificate of the tests."""

import json
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests import pictures
from tests.conftest import PAGE
from tests.system.nginx import Host, Nginx, make_certificate, working_folder
from tests.system.server import wait_until

PHOTO = pictures.jpg(64, 48)


def curl(host: Host, path: str, *options: str) -> str:
    """Return curl's output for an address by HTTP/2. curl checks the certificate."""
    certificate = host.nginx.environment["TLS_CERTIFICATE"]
    url = f"https://localhost:{host.nginx.https_port}{path}"
    return subprocess.run(
        ["curl", "-sS", "--http2", "--cacert", certificate, *options, url],
        check=True,
        capture_output=True,
        timeout=30,
    ).stdout.decode(errors="replace")


def test_pages_and_uploads_and_bytes_come_by_http_2(host, tmp_path):
    (tmp_path / "x.jpg").write_bytes(PHOTO)
    image = json.loads(curl(host, "/upload", "-F", f"file=@{tmp_path}/x.jpg"))
    assert image["url"].startswith(f"https://localhost:{host.nginx.https_port}/images/")
    for path in ("/", "/images-list", f"/images/{image['filename']}", "/favicon.ico"):
        head = curl(host, path, "-I").lower()
        assert head.startswith("http/2 200")
        assert "strict-transport-security: max-age=31536000" in head
        assert head.count("x-request-id: ") == 1
    error = curl(host, "/nowhere", "-i")
    assert error.startswith("HTTP/2 404")
    assert '"code":"not_found"' in error


def test_plain_http_says_nothing_of_tls(host):
    assert "Strict-Transport-Security" not in requests.get(host.url, timeout=30).headers


def test_a_form_of_our_own_page_is_taken(host, tmp_path):
    (tmp_path / "x.jpg").write_bytes(PHOTO)
    origin = f"Origin: https://localhost:{host.nginx.https_port}"
    form = ["-F", f"file=@{tmp_path}/x.jpg", "-H", f"Accept: {PAGE['Accept']}", "-H", origin]
    answer = curl(host, "/upload", "-i", *form)
    assert answer.startswith("HTTP/2 303")
    assert "location: /view/" in answer.lower()


def test_plain_http_at_the_tls_port_is_redirected(host):
    url = f"http://127.0.0.1:{host.nginx.https_port}/view/x?y=1"
    answer = requests.get(url, allow_redirects=False, timeout=30)
    assert answer.status_code == 308
    assert answer.headers["Location"] == url.replace("http:", "https:")
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-ID"])


@pytest.mark.parametrize(("option", "accepted"), [("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)])
def test_only_safe_versions_of_tls_are_accepted(host, option, accepted):
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{host.nginx.https_port}", option]
    ended = subprocess.run(
        [*command, "-cipher", "DEFAULT:@SECLEVEL=0"], input=b"", capture_output=True, check=False, timeout=30
    )
    assert (ended.returncode == 0) is accepted
    assert accepted or b"alert protocol version" in ended.stderr


@pytest.fixture(scope="module")
def leading(host: Host) -> Iterator[Nginx]:
    """Run nginx that redirects plain HTTP to TLS."""
    with working_folder() as folder:
        settings = {**make_certificate(folder), "HTTPS_REDIRECT": "true", "HTTPS_PORT": 443}
        first = host.backends[0].port
        with Nginx(
            folder, ASSETS_DIR=host.folder / "assets", WEB_SERVER_START_PORT=first, **settings
        ) as running:
            yield running


def test_plain_http_redirects_to_tls_if_set(leading):
    answer = requests.get(f"{leading.url}/images-list?page=2", allow_redirects=False, timeout=30)
    assert (answer.status_code, answer.headers["Location"]) == (308, "https://127.0.0.1/images-list?page=2")
    # Health checks are not redirected.
    assert requests.get(f"{leading.url}/healthz", timeout=30).json() == {"status": "success"}


def test_a_renewed_certificate_is_used_soon(leading, tmp_path):
    def served() -> str:
        return ssl.get_server_certificate(("127.0.0.1", leading.https_port))

    # During a reload, nginx's former processes still answer, so "not the old one" could hold only for a
    # moment.
    for name, path in make_certificate(tmp_path).items():
        shutil.copy(path, leading.environment[name])
    renewed = Path(leading.environment["TLS_CERTIFICATE"]).read_text().strip()
    wait_until(lambda: served().strip() == renewed, "the old one is still served")
