"""nginx in front of the real server, with the shipped files, started as on a plain machine."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from imagehost.settings.reader import ROOT
from tests.ports import free_port
from tests.system.commands import flask
from tests.system.server import SECONDS_TO_STOP, Server, family, wait_until

RUN = ROOT / "nginx" / "run.sh"


def check_programs() -> None:
    """Raise an error if a program is missing. Debian does not put nginx on the PATH of users."""
    path = f"{os.environ['PATH']}:/usr/sbin"
    missing = [name for name in ("nginx", "envsubst", "openssl", "curl") if not shutil.which(name, path=path)]
    if missing:
        raise RuntimeError(f"the tests need {', '.join(missing)}: run make test")


class Nginx:
    """nginx in a separate session. All its processes end with the ``with`` block."""

    def __init__(
        self, folder: Path, inside: Sequence[str] = (), *, as_root: bool = True, **settings: object
    ) -> None:
        check_programs()
        self.folder = folder
        self.inside = inside
        # If root runs the tests, files of the tests belong to root, so nginx's workers must be root too.
        self.user = ["-g", "user root;"] if as_root and (os.geteuid() == 0 or inside) else []
        first = free_port(in_a_row=3)
        self.url, self.api_url = f"http://127.0.0.1:{first}", f"http://127.0.0.1:{first + 1}"
        self.port, self.https_port = first, first + 2
        own = {
            "INSTANCE_DIR": folder,
            "LISTEN_ADDRESSES": "127.0.0.1",
            "HTTP_LISTEN_PORT": first,
            "API_LISTEN_PORT": first + 1,
            "HTTPS_LISTEN_PORT": first + 2,
            "HTTPS_PORT": first + 2,
            "NGINX_WORKERS": 2,
        }
        given = {name: str(value) for name, value in {**own, **settings}.items()}
        self.environment = {**os.environ, **given}
        self.log_dir = Path(given.get("LOG_DIR", folder / "logs"))
        self.output = folder / "nginx-output"
        self.run = RUN
        if not as_root:
            # Other users may have no access to the folder of the project.
            self.run = Path(shutil.copytree(RUN.parent, folder / "shipped", dirs_exist_ok=True)) / RUN.name

    def command(self, *arguments: str) -> list[str]:
        return [*self.inside, "sh", str(self.run), *arguments, *self.user]

    def check(self) -> str:
        """Return nginx's output of a configuration test."""
        return subprocess.run(
            self.command("-t"), env=self.environment, capture_output=True, text=True, check=True, timeout=30
        ).stderr

    def __enter__(self) -> Self:
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                self.command(),
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            wait_until(self.is_up, "nginx does not answer")
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        if error is not None:
            print(self.logs())  # noqa: T201  # pytest shows it with the failure

    def is_up(self) -> bool:
        assert self.process.poll() is None, f"nginx ended: {self.output.read_text()}"
        try:
            requests.get(f"{self.url}/healthz", timeout=5, allow_redirects=False)
        except requests.ConnectionError:
            return False
        return True

    def kill(self) -> None:
        if family(self.process.pid):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(SECONDS_TO_STOP)
        wait_until(lambda: not family(self.process.pid), "processes are left", SECONDS_TO_STOP)

    def line(self, request_id: str) -> dict[str, object]:
        """Return the line of a request in the access log, which is JSON."""
        path = self.log_dir / "access.log"
        wait_until(lambda: request_id in read(path), "the request is not in the log")
        (line,) = [line for line in read(path).splitlines() if request_id in line]
        return json.loads(line)

    def logs(self) -> str:
        """Return all logs that may show why a test failed."""
        texts = [self.output, self.log_dir / "error.log", self.log_dir / "access.log"]
        return "\n".join(f"--- {path.name}\n{read(path)[-10000:]}" for path in texts)


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


class Answer(http.client.HTTPResponse):
    """An answer whose body has been read."""

    body: bytes


def ask(port: int, head: bytes, address: str = "127.0.0.1") -> Answer:
    """Send the head of a request unchanged, which no library does."""
    with socket.create_connection((address, port), timeout=30) as line:
        line.sendall(head + b"\r\n\r\n")
        answer = Answer(line)
        answer.begin()
        answer.body = answer.read()
        return answer


@dataclass
class Host:
    """nginx, the servers behind it, and the folder of their data."""

    nginx: Nginx
    backends: list[Server]
    folder: Path
    database: str

    @property
    def url(self) -> str:
        return self.nginx.url

    @property
    def images(self) -> Path:
        return self.folder / "images"

    def upload(self, content: bytes, name: str = "x.png") -> dict[str, object]:
        answer = requests.post(f"{self.url}/upload", files={"file": (name, content)}, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def served_from_disk(self, answer: requests.Response) -> bool:
        """Return whether nginx answered without a backend."""
        return self.nginx.line(answer.headers["X-Request-ID"])["upstream"] in {"", "-"}


@contextmanager
def working_folder() -> Iterator[Path]:
    """Yield a folder with a short path, which the sockets of many programs need."""
    folder = Path(tempfile.mkdtemp(prefix="imagehost-nginx-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def make_certificate(folder: Path) -> dict[str, object]:
    """Make a self-signed certificate for this machine, and return the settings for it."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(
        ["openssl", "req", "-x509", *kind, "-subj", "/CN=localhost", "-addext", names, *files],
        check=True,
        capture_output=True,
        timeout=30,
    )
    return {"TLS_CERTIFICATE": certificate, "TLS_KEY": key}


@contextmanager
def running_host(folder: Path, database: str, **settings: object) -> Iterator[Host]:
    """Run two servers with one worker each, on consecutive ports, and nginx.

    ``settings`` are for all of them.
    """
    shared = {
        "IMAGES_DIR": folder / "images",
        "LOG_DIR": folder / "logs",
        "ASSETS_DIR": folder / "assets",
        "SECRET_KEY": "shared",
        **settings,
    }
    flask({"INSTANCE_DIR": folder / "writer"}, "assets", str(folder / "assets"))
    first = free_port(in_a_row=2)
    with ExitStack() as running:
        backends = []
        for port in (first, first + 1):
            (folder / str(port)).mkdir()
            server = Server(
                folder / str(port),
                DATABASE_URL=database,
                TRUSTED_PROXIES=1,
                BIND_ADDRESS="127.0.0.1",
                WEB_SERVER_WORKERS=1,
                WEB_SERVER_START_PORT=port,
                **shared,
            )
            backends.append(running.enter_context(server))
        nginx = Nginx(folder, WEB_SERVER_START_PORT=first, WEB_SERVER_PORTS=2, **shared)
        yield Host(running.enter_context(nginx), backends, folder, database)
        for server in backends:
            # Kill them, which is faster. Other tests check that a server stops.
            server.kill()
