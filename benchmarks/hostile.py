"""Pictures that are expensive to decode: their processor time and memory, and the delay of other visitors."""

import os
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from benchmarks import hosts, thumbnails
from benchmarks.measuring import Table, rounds, timed
from imagehost.imaging import Renderer
from tests import hostile
from tests.system.server import Server

ROUNDS = 7
MOST_OF_PILLOW = 1.3
MOST_SECONDS = 2.0
TICKS = os.sysconf("SC_CLK_TCK")
SETTINGS = {"ALLOWED_EXTENSIONS": "jpg,png,gif,webp,avif", "WEB_SERVER_WORKERS": 2}
# No limit on the work of decoding, to measure the renderer with pictures that the limit would refuse.
UNCOUNTED = {**SETTINGS, "MAX_WORK": 10**12}
PICTURES: dict[str, Callable[[], bytes]] = {
    "grey JPEG, 60 refinement scans": hostile.grey_jpeg,
    "CMYK JPEG, 100 scans": hostile.cmyk_jpeg,
    "lossless WebP": hostile.webp,
    "AVIF": hostile.avif,
    "PNG with alpha": hostile.png,
}
"""Pictures of 100 megapixels each."""


def measure() -> list[Table]:
    """Return three tables."""
    contents = {name: make() for name, make in PICTURES.items()}
    with hosts.host("sqlite", **SETTINGS) as host:
        tables = [uploads(host, contents)]
    with hosts.host("sqlite", **UNCOUNTED) as host:
        tables += [renderings(host, contents), visitors(host, contents)]
    return [*tables, compared_with_pillow()]


class Costs:
    """The processor time of all processes of a server, and the maximum memory of one that renders."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.ticks: dict[int, tuple[int, int]] = {}
        self.peak = 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def __enter__(self) -> Self:
        self.look()
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ended.set()
        self.thread.join()
        self.look()

    def watch(self) -> None:
        """Look at the processes repeatedly: after a process has ended, its time cannot be read."""
        while not self.ended.wait(0.02):
            self.look()

    def look(self) -> None:
        """Record the values of each process."""
        rendering = self.server.renderers()
        for process in self.server.processes():
            try:
                fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
                status = Path(f"/proc/{process}/status").read_text()
            except OSError:
                continue  # the process has ended
            used = int(fields[11]) + int(fields[12])
            # A new process starts from zero.
            first, _ = self.ticks.get(process, (0 if self.thread.is_alive() else used, 0))
            self.ticks[process] = first, used
            if process in rendering and "VmHWM:" in status:
                self.peak = max(self.peak, int(status.partition("VmHWM:")[2].split()[0]))

    @property
    def seconds(self) -> float:
        """Return the processor seconds of all processes."""
        return sum(last - first for first, last in self.ticks.values()) / TICKS


def uploads(host: hosts.Host, contents: dict[str, bytes]) -> Table:
    """Upload each picture with the default limits. Some are refused."""
    table = Table("Hostile pictures of 100 megapixels, the upload with the default limits")
    for name, content in contents.items():
        with Costs(host.server) as costs:
            answer = send(host, content)
        code = answer.json().get("code", "hosted")
        table.add(f"{name}, {len(content):,} bytes: {code}", [costs.seconds], "s of CPU")
    return table


def renderings(host: hosts.Host, contents: dict[str, bytes]) -> Table:
    """Request the thumbnail of each picture twice."""
    table = Table("Hostile pictures of 100 megapixels, if admission let all of them in")
    for name, content in contents.items():
        path = thumbnail(host, content)
        for turn, most in (("first", None), ("second", 0.1)):
            with Costs(host.server) as costs:
                status = requests.get(path, timeout=120).status_code
            table.add(f"{name}: {turn} request, {status}", [costs.seconds], "s of CPU", most=most)
            if turn == "first":
                table.add(f"{name}: most memory of its process", [costs.peak / 1024], "MB")
    return table


def visitors(host: hosts.Host, contents: dict[str, bytes]) -> Table:
    """Request a new thumbnail of a photograph while four hostile requests are open."""
    table = Table("Another visitor's new thumbnail of a JPEG of 12 megapixels")
    photo = thumbnails.jpeg(4000, 3000)
    content = contents["CMYK JPEG, 100 scans"]
    alone = [timed(partial(get, thumbnail(host, photo))) for _ in range(ROUNDS)]
    crowded = []
    for _ in range(ROUNDS):
        paths, path = [thumbnail(host, content) for _ in range(4)], thumbnail(host, photo)
        asking = [threading.Thread(target=get_and_leave, args=(slow,)) for slow in paths]
        for thread in asking:
            thread.start()
        time.sleep(1)
        crowded.append(timed(partial(get, path)))
        for thread in asking:
            thread.join()
    table.add("alone", alone, "s")
    table.add("while four hostile requests are open", crowded, "s", most=MOST_SECONDS)
    return table


def compared_with_pillow() -> Table:
    """Render in a separate process and with Pillow alone, alternately."""
    table = Table("The thumbnail of a JPEG of 12 megapixels in a separate process, compared with only Pillow")
    content = thumbnails.jpeg(4000, 3000)
    renderer = Renderer()
    with hosts.empty_folder() as folder:
        (folder / "photo").write_bytes(content)
        with (folder / "photo").open("rb") as file:
            acts: dict[str, Callable[[], float]] = {
                "ours": partial(
                    timed, lambda: renderer.render(file, "jpg", thumbnails.SIDE, None, lambda: False)
                ),
                "pillow": partial(timed, lambda: thumbnails.by_pillow(content)),
            }
            rounds(1, acts)
            ours, pillow = rounds(3 * ROUNDS, acts).values()
    table.add("Pillow", [1000 * one for one in pillow], "ms")
    table.ratio("ours", ours, pillow, most=MOST_OF_PILLOW)
    return table


def send(host: hosts.Host, content: bytes) -> requests.Response:
    """Upload a picture."""
    return requests.post(f"{host.server.url}/upload", files={"file": ("x", content)}, timeout=120)


def thumbnail(host: hosts.Host, content: bytes) -> str:
    """Upload a picture, and return the address of its thumbnail."""
    answer = send(host, content)
    answer.raise_for_status()
    return f"{host.server.url}/thumbnails/{answer.json()['filename']}.webp"


def get(url: str) -> None:
    """Send a request, and read the answer."""
    requests.get(url, timeout=120).raise_for_status()


def get_and_leave(url: str) -> None:
    """Send a request, wait some seconds, and close the connection."""
    try:
        requests.get(url, timeout=6)
    except requests.Timeout:
        return
