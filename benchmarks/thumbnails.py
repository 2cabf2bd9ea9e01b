"""The first request of a thumbnail, compared with Pillow alone; and fifty requests for one thumbnail."""

import io
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import requests
from PIL import Image

from benchmarks import hosts, load
from benchmarks.measuring import Table, rounds, timed

ROUNDS = 7
SIDE = 320
MOST_OF_PILLOW = 1.3
AT_ONCE = 50
BURSTS = 6
MOST_OF_P99 = 3.0


def picture(width: int, height: int) -> Image.Image:
    """Make a photograph of a size."""
    with Image.open(io.BytesIO(load.jpeg(400_000))) as small:
        return small.convert("RGB").resize((width, height), Image.Resampling.BICUBIC)


def jpeg(width: int, height: int) -> bytes:
    """Return it as a JPEG like that of a camera."""
    return encoded(picture(width, height), "JPEG", quality=90)


def png(width: int, height: int) -> bytes:
    """Return it as a PNG."""
    return encoded(picture(width, height), "PNG", compress_level=1)


def gif(width: int, height: int) -> bytes:
    """Return an animated GIF of ten frames."""
    frames = [picture(width, height).rotate(turn).quantize(64) for turn in range(10)]
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """Return a picture as bytes of a format."""
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


CASES: dict[str, Callable[[], bytes]] = {
    "JPEG, 12 megapixels": lambda: jpeg(4000, 3000),
    "JPEG, 2 megapixels": lambda: jpeg(1600, 1200),
    "PNG, 12 megapixels": lambda: png(4000, 3000),
    "PNG, 2 megapixels": lambda: png(1600, 1200),
    "GIF of ten frames, 640 × 480": lambda: gif(640, 480),
}


def measure() -> list[Table]:
    """Return two tables."""
    with hosts.host("postgresql", MAX_FILE_SIZE=50_000_000, LOG_LEVEL="debug") as host:
        return [first_requests(host), at_once(host)]


def first_requests(host: hosts.Host) -> Table:
    """Request thumbnails of new pictures, alternately with Pillow, and return the table."""
    table = Table("The first request of a thumbnail, compared with Pillow's thumbnail() and save() as WebP")
    for name, make in CASES.items():
        content = make()
        acts = {
            "ours": partial(seconds_of_first, host, content),
            "pillow": partial(seconds_of_pillow, content),
        }
        # The first rendering is not measured: Pillow loads modules.
        rounds(1, acts)
        ours, pillow = rounds(ROUNDS, acts).values()
        table.add(f"{name}: Pillow", [1000 * one for one in pillow], "ms")
        most = MOST_OF_PILLOW if name == next(iter(CASES)) else None
        table.ratio(f"{name}: ours", ours, pillow, most=most)
    return table


def seconds_of_first(host: hosts.Host, content: bytes) -> float:
    """Upload a picture, request its thumbnail, and return the seconds."""
    url = host.server.url + upload(host, content)
    return timed(lambda: get(url))


def seconds_of_pillow(content: bytes) -> float:
    """Return the seconds that Pillow takes for one."""
    return timed(lambda: by_pillow(content))


def by_pillow(content: bytes) -> bytes:
    """Make a thumbnail with five simple lines of Pillow, in the quality of our thumbnails."""
    with Image.open(io.BytesIO(content)) as image:
        image.thumbnail((SIDE, SIDE))
        return encoded(image, "WEBP", quality=80)


def at_once(host: hosts.Host) -> Table:
    """Let fifty clients request one new thumbnail while others request the list, and return the table."""
    table = Table("Fifty requests at once for one thumbnail of a JPEG of 12 megapixels")
    content = jpeg(4000, 3000)
    before = host.server.app_log().count("thumbnail made")
    calm, crowded = [], []
    for _ in range(BURSTS):
        path = upload(host, content)
        calm.append(p99_of_others(host, lambda: None))
        crowded.append(p99_of_others(host, partial(burst, host.nginx.port, path)))
    made = host.server.app_log().count("thumbnail made") - before
    table.add("times that each was made", [made / BURSTS], most=1)
    table.add("others meanwhile: p99 without them", [1000 * one for one in calm], "ms")
    table.ratio("others meanwhile: p99 to that without them", crowded, calm, most=MOST_OF_P99)
    return table


def p99_of_others(host: hosts.Host, act: Callable[[], object]) -> float:
    """Call a function while two clients request the list, and return the 99th percentile of their seconds."""
    with ThreadPoolExecutor(1) as other:
        others = other.submit(load.wrk, f"{host.url}/images-list", clients=2, seconds=2)
        time.sleep(0.5)
        act()
        return others.result().p99


def burst(port: int, path: str) -> None:
    """Send a request on each of fifty connections, then read all answers."""
    lines = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(AT_ONCE)]
    for line in lines:
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    for line in lines:
        with line, line.makefile("rb") as answer:
            status = answer.readline()
            answer.read()
        if b" 200 " not in status:
            raise RuntimeError(f"{path}: {status!r}")


def upload(host: hosts.Host, content: bytes) -> str:
    """Upload a picture, and return the path of its thumbnail, which is not made yet."""
    answer = requests.post(f"{host.server.url}/upload", files={"file": ("x", content)}, timeout=60)
    answer.raise_for_status()
    return f"/thumbnails/{answer.json()['filename']}.webp"


def get(url: str) -> None:
    """Send a request, and read the answer."""
    requests.get(url, timeout=120).raise_for_status()
