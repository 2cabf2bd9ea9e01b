"""The maximum memory of a worker for a large upload, a long list and a huge picture, in MB above idle."""

import io
import socket
import time
from collections.abc import Callable
from pathlib import Path

import requests
from PIL import Image

from benchmarks import hosts, load, seeding
from benchmarks.measuring import Table

MB = 1024 * 1024
UPLOAD = 100 * MB
IMAGES = 1_000_000
MEGAPIXELS = 100
ROUNDS = 3
TO_CLEAR_PEAK = "5"
"""See clear_refs in proc(5)."""


def measure() -> list[Table]:
    """Return one table."""
    table = Table("Memory of a worker, above what it takes when idle")
    with hosts.host("postgresql", WEB_SERVER_WORKERS=1, MAX_FILE_SIZE=2 * UPLOAD) as host:
        warm_up(host)
        peaks = Peaks(host)
        body = large_jpeg()
        table.add("an upload of 100 MB", peaks.of(lambda: send(host, body), ROUNDS), "MB", most=20)
        seeding.seed(str(host.settings["DATABASE_URL"]), IMAGES)
        table.add("all of 1,000,000 images in one array", peaks.of(lambda: read_all(host)), "MB", most=30)
        slow = peaks.of(lambda: read_slowly(host))
        table.add("the same to a reader who stops for 5 seconds", slow, "MB", most=30)
        huge = send(host, png(MEGAPIXELS))
        thumbnail = peaks.of(lambda: see_thumbnail(host, huge))
        # Renderings run in a separate process: see the benchmark "hostile".
        table.add(f"the thumbnail of a PNG of {MEGAPIXELS} megapixels", thumbnail, "MB", most=20)
    return [table]


class Peaks:
    """A measurement of how far a worker's memory rises above its present value."""

    def __init__(self, host: hosts.Host) -> None:
        (self.worker,) = host.server.workers()
        self.idle = memory(self.worker, "VmRSS")

    def of(self, act: Callable[[], object], rounds: int = 1) -> list[float]:
        """Call a function a few times, and return the peak of each time in MB."""
        found = []
        for _ in range(rounds):
            Path(f"/proc/{self.worker}/clear_refs").write_text(TO_CLEAR_PEAK)
            act()
            found.append((memory(self.worker, "VmHWM") - self.idle) / 1024)
        return found


def warm_up(host: hosts.Host) -> None:
    """Let the worker load the modules that it loads late."""
    for _ in range(50):
        requests.get(f"{host.server.url}/images-list", timeout=30).raise_for_status()
        see_thumbnail(host, send(host, load.jpeg(50_000)))
    time.sleep(1)


def memory(process: int, name: str) -> int:
    """Return a value of a process's status in KiB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition(f"{name}:")[2].split()[0])


def send(host: hosts.Host, content: bytes) -> dict[str, object]:
    """Upload directly to the server."""
    answer = requests.post(f"{host.server.url}/upload", files={"file": ("x", content)}, timeout=120)
    answer.raise_for_status()
    found: dict[str, object] = answer.json()
    return found


def see_thumbnail(host: hosts.Host, image: dict[str, object]) -> None:
    """Request a thumbnail for the first time."""
    path = f"/thumbnails/{image['filename']}.webp"
    requests.get(host.server.url + path, timeout=120).raise_for_status()


def read_all(host: hosts.Host) -> None:
    """Read the array of all images, and discard it."""
    with requests.get(f"{host.server.url}/api/upload", stream=True, timeout=120) as answer:
        for _ in answer.iter_content(2**16):
            pass


def read_slowly(host: hosts.Host) -> None:
    """Request the array of all images, and read a small part of it."""
    with socket.create_connection(("127.0.0.1", host.server.port)) as line:
        line.sendall(b"GET /api/upload HTTP/1.1\r\nHost: localhost\r\n\r\n")
        line.recv(1000)
        time.sleep(5)


def large_jpeg() -> bytes:
    """Make a JPEG of 100 MB: a small one that is padded with restart markers, which the format allows."""
    content = load.jpeg(50_000)
    return content[:-2] + b"\xff\xd0" * ((UPLOAD - len(content)) // 2) + content[-2:]


def png(megapixels: int) -> bytes:
    """Make a PNG of a number of megapixels."""
    side = round((megapixels * 1_000_000) ** 0.5)
    content = io.BytesIO()
    Image.linear_gradient("L").resize((side, side)).convert("RGB").save(content, "PNG", compress_level=1)
    return content.getvalue()
