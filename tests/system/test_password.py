"""The recipes of docs/access.md for a password in front of the host work if they are followed literally."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from imagehost.settings.reader import ROOT
from tests import pictures
from tests.browser import chromium
from tests.ports import free_port
from tests.system import manual
from tests.system.commands import flask
from tests.system.nginx import Nginx, make_certificate, working_folder
from tests.system.server import Server, wait_until

RECIPES = manual.read(ROOT / "docs" / "access.md")
PHOTO = pictures.jpg(64, 48)
PASSWORD = ("me", "a secret: ü")
CADDY = ["caddy", "run", "--config"]


@dataclass
class Front:
    """A proxy that asks for a password, and the host behind it, whose links have the proxy's address."""

    folder: Path
    port: int
    behind: Nginx

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def certificate(self) -> Path:
        return self.folder / "certificate.pem"

    def ask(self, method: str, path: str, **options: object) -> requests.Response:
        """Send a request, by default without the password."""
        return requests.request(method, self.url + path, verify=self.certificate, timeout=30, **options)

    def upload(self, **options: object) -> requests.Response:
        return self.ask("POST", "/api/upload", files={"file": ("x.jpg", PHOTO)}, **options)

    def written(self, text: str) -> str:
        """Return a text of the document, with the addresses and files of this machine."""
        names = {
            "http://127.0.0.1:8080": self.behind.url,
            "reverse_proxy 127.0.0.1:8080": f"reverse_proxy {self.behind.url.removeprefix('http://')}",
            "/etc/ssl/img.example.org/fullchain.pem": str(self.certificate),
            "/etc/ssl/img.example.org/privkey.pem": str(self.folder / "key.pem"),
            "/etc/nginx/imagehost.users": str(self.folder / "users"),
            "/etc/traefik/imagehost.users": str(self.folder / "users"),
            "openssl passwd -apr1": f"openssl passwd -apr1 '{PASSWORD[1]}'",
            "caddy hash-password": f"caddy hash-password --plaintext '{PASSWORD[1]}'",
            "listen 443 ssl;": f"listen 127.0.0.1:{self.port} ssl;",
            "img.example.org {": f"{self.url} {{\n    tls {self.certificate} {self.folder / 'key.pem'}",
            "{certResolver: letsencrypt}": "{}",
            "img.example.org": "localhost",
        }
        return re.sub("|".join(map(re.escape, names)), lambda found: names[found[0]], text)

    def follow(self, heading: str) -> tuple[str, str]:
        """Run the command below a heading; return its output, and the file below that heading."""
        command, file = RECIPES[heading]
        (self.folder / "users").unlink(missing_ok=True)
        script = self.written(command.commands[0].text)
        done = subprocess.run(["sh", "-ec", script], capture_output=True, text=True, check=True, timeout=60)
        return done.stdout.strip(), self.written(file.text)


@pytest.fixture(scope="module")
def front() -> Iterator[Front]:
    with working_folder() as folder:
        make_certificate(folder)
        port = free_port()
        # The settings of a plain machine.
        text = RECIPES["A password"][1].text.replace("https://img.example.org", f"https://localhost:{port}")
        settings = dict(line.split("=", 1) for line in text.splitlines())
        shared = {"IMAGES_DIR": folder / "images", "ASSETS_DIR": folder / "assets"}
        flask({"INSTANCE_DIR": folder / "writer"}, "assets", str(folder / "assets"))
        (folder / "server").mkdir()
        server = Server(folder / "server", TRUSTED_PROXIES=1, WEB_SERVER_WORKERS=1, **shared, **settings)
        nginx = Nginx(folder, WEB_SERVER_START_PORT=server.port, **shared, **settings)
        with server, nginx:
            yield Front(folder, port, nginx)


@contextmanager
def running(front: Front, command: list[str], name: str) -> Iterator[None]:
    """Run a proxy until the block ends."""
    with (front.folder / f"{name}.log").open("w") as output:
        environment = {"HOME": str(front.folder), "PATH": "/usr/sbin:/usr/bin:/bin"}
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
        try:
            wait_until(lambda: process.poll() is not None or is_up(front), f"{name} does not answer")
            assert process.poll() is None, Path(output.name).read_text()
            yield
        finally:
            process.terminate()
            process.wait(20)


def is_up(front: Front) -> bool:
    try:
        return front.ask("GET", "/healthz").status_code == 200
    except requests.ConnectionError:
        return False


def of_nginx(front: Front) -> list[str]:
    """Return Debian's own configuration, which includes the recipe's file."""
    _, text = front.follow("nginx")
    places = "".join(
        f"{kind}_temp_path {front.folder}/front-{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    around = f"daemon off; pid {front.folder}/front.pid; events {{}} http {{ access_log off; {places}\n"
    path = front.folder / "front.conf"
    path.write_text(f"{around}{text}}}\n")
    return ["/usr/sbin/nginx", "-e", "stderr", "-c", str(path), "-g", "user root;"]


def of_caddy(front: Front) -> list[str]:
    hashed, text = front.follow("Caddy")
    path = front.folder / "Caddyfile"
    path.write_text("{\n    admin off\n    auto_https disable_redirects\n}\n" + text.replace("HASH", hashed))
    return [*CADDY, str(path), "--adapter", "caddyfile"]


def of_traefik(front: Front) -> list[str]:
    _, text = front.follow("Traefik")
    key = front.folder / "key.pem"
    stores = f"tls:\n  certificates:\n    - certFile: {front.certificate}\n      keyFile: {key}\n"
    path = front.folder / "traefik.yaml"
    path.write_text(text + stores)
    return [
        str(Path(sys.executable).with_name("traefik")),
        f"--entryPoints.websecure.address=127.0.0.1:{front.port}",
        f"--providers.file.filename={path}",
        "--global.checknewversion=false",
        "--global.sendanonymoususage=false",
    ]


@pytest.fixture(scope="module", params=[of_nginx, of_caddy, of_traefik], ids=["nginx", "caddy", "traefik"])
def host(request: pytest.FixtureRequest, front: Front) -> Iterator[Front]:
    with running(front, request.param(front), request.param.__name__):
        yield front


def encoded(password: str) -> tuple[bytes, bytes]:
    """Return the header of a name and a password, as curl and browsers send it."""
    return PASSWORD[0].encode(), password.encode()


def test_uploads_lists_and_deletions_need_the_password(host):
    image = host.upload(auth=encoded(PASSWORD[1])).json()
    asked = [
        ("GET", "/"),
        ("GET", "/upload"),
        ("GET", "/images-list"),
        ("GET", "/api/upload"),
        ("GET", "/api/upload/"),
        ("POST", "/upload"),
        ("POST", "/api/upload"),
        ("POST", f"/delete/{image['id']}"),
        ("DELETE", f"/delete/{image['id']}"),
        ("DELETE", f"/api/upload/{image['filename']}"),
        ("GET", "/oembed?url=x"),
    ]
    for method, path in asked:
        for auth in (None, encoded("wrong"), encoded("")):
            answer = host.ask(method, path, auth=auth)
            assert answer.status_code == 401, (method, path)
            assert answer.headers["WWW-Authenticate"].startswith("Basic")
    assert host.ask("GET", image["url"].removeprefix(host.url)).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/images/../api/upload",
        "/static/..%2fapi/upload",
        "/static/%2e%2e/api/upload",
        "/view/..;/api/upload",
        "/images/..%252fapi/upload",
        "//api/upload",
        "/images//../../api/upload",
        "/healthz/../api/upload",
        "/healthz%2f..%2fapi/upload",
        "/static/x/..\\..\\api/upload",
    ],
)
def test_no_path_bypasses_the_password(host, path):
    url = f"{host.url}{path}"
    told = subprocess.run(
        ["curl", "-sS", "--path-as-is", "-w", "\n%{http_code}", "--cacert", str(host.certificate), url],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    ).stdout
    assert not told.endswith("\n200"), told
    assert "filename" not in told


def test_links_and_health_checks_need_no_password(host):
    image = host.upload(auth=encoded(PASSWORD[1])).json()
    assert image["url"].startswith(f"{host.url}/images/")
    assert host.ask("GET", image["url"].removeprefix(host.url)).content == PHOTO
    paths = [image["thumbnail_url"], image["view_url"], f"{host.url}/healthz", f"{host.url}/readyz"]
    for path in paths:
        assert host.ask("GET", path.removeprefix(host.url)).status_code == 200, path
    page = host.ask("GET", image["view_url"].removeprefix(host.url), headers={"Accept": "text/html"}).text
    for path in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
        assert host.ask("GET", path).status_code == 200, path


def test_curl_uploads_and_deletes(host, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(PHOTO)
    command = re.search(r"^- \*\*curl\*\*: `(.+?)`", (ROOT / "docs/access.md").read_text(), re.MULTILINE)[1]
    words = command.replace("https://img.example.org", host.url).split()
    words[words.index("me:password")] = ":".join(PASSWORD)
    secure = ["-fsS", "--cacert", str(host.certificate)]
    done = subprocess.run([*words, *secure], cwd=tmp_path, capture_output=True, check=True, timeout=30)
    image = requests.models.complexjson.loads(done.stdout)
    gone = [*words[:3], *secure, "-X", "DELETE", f"{host.url}/api/upload/{image['filename']}"]
    subprocess.run(gone, capture_output=True, check=True, timeout=30)
    assert host.ask("GET", f"/images/{image['filename']}").status_code == 404


def test_a_header_is_enough_for_screenshot_tools(host):
    value = subprocess.run(
        ["sh", "-c", 'printf "%s" "$1" | base64', "sh", ":".join(PASSWORD)],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    ).stdout.strip()
    assert host.upload(headers={"Authorization": f"Basic {value}"}).status_code == 200


def test_a_browser_asks_once_and_does_everything(host, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(PHOTO)
    credentials = {"username": PASSWORD[0], "password": PASSWORD[1]}
    resolving = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost"
    with chromium.launched(resolving) as browser:
        context = browser.new_context(
            base_url=host.url, http_credentials=credentials, ignore_https_errors=True, locale="en"
        )
        page = context.new_page()
        page.goto("/upload")
        page.set_input_files("input[type=file]", tmp_path / "photo.jpg")
        page.get_by_text(f"{host.url}/images/").or_(
            page.locator(f'input[value^="{host.url}/images/"]')
        ).first.wait_for()
        before = len(host.ask("GET", "/api/upload", auth=encoded(PASSWORD[1])).json())
        page.goto("/images-list")
        page.get_by_label("Delete photo.jpg").first.click()
        page.locator(".confirm[open] button").get_by_text("Delete").click()
        wait_until(
            lambda: len(host.ask("GET", "/api/upload", auth=encoded(PASSWORD[1])).json()) == before - 1,
            "the image is still there",
        )
        context.close()
