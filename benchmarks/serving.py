"""Images, thumbnails, static files: the shipped nginx and gunicorn alone, compared with a minimal nginx."""

from functools import partial
from pathlib import Path

import requests

from benchmarks import hosts, load
from benchmarks.measuring import Table, rounds
from imagehost.web.assets import release

CLIENTS = 8
ROUNDS = 5
LEAST = 0.95


def measure() -> list[Table]:
    """Return one table: requests per second, compared with a minimal nginx that serves the same bytes."""
    table = Table("Serving, as a share of what a bare nginx serves")
    with hosts.host("sqlite") as host, hosts.empty_folder() as folder:
        paths = {**uploaded(host), "static file (CSS)": f"/static/{release()}/app.css"}
        for path in paths.values():
            answer = requests.get(host.url + path, timeout=30)
            answer.raise_for_status()
            save(folder / path[1:], answer.content)
        with hosts.bare_nginx(folder) as bare:
            for name, path in paths.items():
                acts = {
                    kind: partial(per_second, url + path)
                    for kind, url in (("nginx", host.url), ("bare", bare), ("gunicorn", host.server.url))
                }
                found = rounds(ROUNDS, acts)
                least = LEAST if "static" not in name else None
                table.add(f"{name}: bare nginx", found["bare"], "/s")
                table.ratio(
                    f"{name}: through nginx as it is shipped", found["nginx"], found["bare"], least=least
                )
                table.ratio(f"{name}: by gunicorn alone", found["gunicorn"], found["bare"])
    return [table]


def uploaded(host: hosts.Host) -> dict[str, str]:
    """Upload a picture, request its thumbnail, and return the paths of both."""
    files = {"file": ("photo.jpg", load.jpeg(200_000))}
    image = requests.post(f"{host.url}/upload", files=files, timeout=30).json()
    paths = {
        "image of 200 kB": f"/images/{image['filename']}",
        "thumbnail": f"/thumbnails/{image['filename']}.webp",
    }
    requests.get(host.url + paths["thumbnail"], timeout=30).raise_for_status()
    return paths


def save(path: Path, content: bytes) -> None:
    """Write a file, and create its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def per_second(url: str) -> float:
    """Send requests for a second, and return the number of answers."""
    return load.wrk(url, clients=CLIENTS, seconds=1).per_second
