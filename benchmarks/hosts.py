"""Hosts to measure: server, nginx and database with the shipped configuration, in separate folders."""

import itertools
import os
import platform
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from imagehost.domain.image_names import NAME_LETTERS
from tests.ports import free_port
from tests.postgres import Postgres
from tests.system.commands import flask
from tests.system.nginx import Nginx
from tests.system.server import MAKE_RUN, Server, wait_until

BENCH_DIR = os.environ.get("BENCH_DIR", "/var/tmp")
"""The folder for all data. It must be on a disk; /tmp is often in memory."""
CORES = os.cpu_count() or 1
DATABASES = ("sqlite", "postgresql")

BARE = """
daemon off; worker_processes {cores}; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log {folder}/access.log; sendfile on; tcp_nopush on; types {{ image/jpeg jpg; image/webp webp; }}
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        root {root}; client_max_body_size 200m; client_body_buffer_size 64k;
        dav_methods PUT; create_full_put_path on;
    }}
}}
"""


@dataclass(frozen=True, slots=True)
class Host:
    """A server, nginx in front of it, and the folder of its data."""

    server: Server
    nginx: Nginx
    folder: Path
    settings: dict[str, object]

    @property
    def url(self) -> str:
        """The address of nginx."""
        return self.nginx.url

    @property
    def images(self) -> Path:
        """The folder of the images."""
        return self.folder / "images"


@contextmanager
def empty_folder() -> Iterator[Path]:
    """Make a folder on the measured disk that the users of PostgreSQL and nginx can read."""
    folder = Path(tempfile.mkdtemp(prefix="imagehost-bench-", dir=BENCH_DIR))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """Run a database with full durability, and yield its address."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'imagehost.db'}"
        return
    server = Postgres(place=BENCH_DIR, durable=True)
    try:
        yield server.create("imagehost")
    finally:
        server.remove()


@contextmanager
def host(kind: str, *, server_class: type[Server] = Server, **settings: object) -> Iterator[Host]:
    """Run a whole host on this machine, like compose.yaml in containers.

    ``kind`` is the kind of the database.
    """
    with ExitStack() as running:
        folder = running.enter_context(empty_folder())
        shared = {
            "DATABASE_URL": running.enter_context(database(kind, folder)),
            "IMAGES_DIR": folder / "images",
            "LOG_DIR": folder / "logs",
            "ASSETS_DIR": folder / "assets",
            "WEB_SERVER_PORTS": CORES,
            "WEB_SERVER_WORKERS": CORES,
            "TRUSTED_PROXIES": 1,
            "BIND_ADDRESS": "127.0.0.1",
            # Requests are counted as usual, but the limit is never reached.
            "RATE_LIMIT_ENABLED": "true",
            "RATE_LIMIT": "1000000000/minute",
            **settings,
        }
        flask({"INSTANCE_DIR": folder}, "assets", str(folder / "assets"))
        make_shelves(folder / "images")
        port = free_port(in_a_row=CORES)
        server = running.enter_context(server_class(folder, MAKE_RUN, WEB_SERVER_START_PORT=port, **shared))
        nginx = running.enter_context(
            Nginx(folder, WEB_SERVER_START_PORT=port, NGINX_WORKERS=CORES, **shared)
        )
        # Set up the storage, which must be done before rows are added.
        requests.get(f"{server.url}/readyz", timeout=30).raise_for_status()
        yield Host(server, nginx, folder, {**shared, "INSTANCE_DIR": folder})


def make_shelves(images: Path) -> None:
    """Create the folders of images that a host has after its first thousands of uploads."""
    for letters in itertools.product(NAME_LETTERS, repeat=2):
        (images / "".join(letters)).mkdir(parents=True, exist_ok=True)


@contextmanager
def bare_nginx(root: Path) -> Iterator[str]:
    """Run an nginx that only serves the files of a folder and accepts files by PUT. Yield its address."""
    with empty_folder() as folder:
        port = free_port()
        configuration = folder / "nginx.conf"
        configuration.write_text(BARE.format(folder=folder, root=root, port=port, cores=CORES))
        user = ["-g", "user root;"] if os.geteuid() == 0 else []
        nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "nginx"
        command = [nginx, "-e", str(folder / "error.log"), "-c", str(configuration), *user]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        try:
            wait_until(lambda: accepts(port), "nginx does not answer")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


def accepts(port: int) -> bool:
    """Return whether a program listens."""
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


def machine() -> dict[str, object]:
    """Return the facts of this machine."""
    models = [
        line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")
    ]
    memory = int(Path("/proc/meminfo").read_text().split()[1]) // 1024**2
    return {
        "cores": CORES,
        "processor": models[0].partition(": ")[2] if models else platform.machine(),
        "memory_gib": memory,
        "system": " ".join((platform.freedesktop_os_release()["PRETTY_NAME"], platform.release())),
        "python": platform.python_version(),
    }
