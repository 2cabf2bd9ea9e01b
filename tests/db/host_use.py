"""Use all functions of a host that read or write rows: pages, the JSON interface, and commands."""

import itertools
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from tests import pictures
from tests.applications import change_host, host_of
from tests.conftest import PAGE, as_upload, page_of, uploaded
from tests.operations.cleanup.litter import ORPHAN, put

MOMENT = datetime(2100, 1, 1, tzinfo=UTC)
"""The time on the host's clock. All files are older, so that clean-up removes orphans."""
IMAGES = 5
"""Enough images for pages that are counted from the newest image of a day and from its oldest one."""


def use_host(app: Flask, folder: Path) -> None:
    """Do everything once, on a new host and with a fixed clock. ``folder`` is for exports."""
    numbers = itertools.count()
    change_host(app, clock=lambda: MOMENT, new_name=lambda: f"image{next(numbers):011}")
    client = app.test_client()
    images = upload(client)
    read_lists(client)
    read_images(client, images[0])
    get(client, "/readyz")
    run_commands(app, folder)
    delete(client, images)


def get(client: FlaskClient, address: str, **headers: str) -> object:
    """Return the JSON of an answer, or None if it has another form."""
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200, (address, answer.text)
    return answer.get_json(silent=True)


def upload(client: FlaskClient) -> list[dict[str, object]]:
    """Upload images by the page and by both JSON addresses. Return those that have a JSON answer."""
    assert client.post("/upload", data=as_upload(pictures.png(8, 8)), headers=PAGE).status_code == 303
    answer = client.post("/api/upload", data=as_upload(pictures.gif(8, 8)))
    assert answer.status_code == 200
    return [answer.json, *(uploaded(client, pictures.jpg(8 + number, 6)) for number in range(IMAGES - 2))]


def read_lists(client: FlaskClient) -> None:
    """Read the first page, pages from both ends of a day, a page after the last one, and arrays."""
    get(client, "/images-list", **PAGE)
    for number in (1, 2, IMAGES, IMAGES + 1):
        get(client, f"/images-list?page={number}&per_page=1")
    get(client, "/api/upload")
    link = client.get("/api/upload?limit=2").headers["Link"]
    get(client, link.partition(">")[0].removeprefix("<"))


def read_images(client: FlaskClient, image: dict[str, object]) -> None:
    """Read an image, its page, its renditions and its description."""
    filename, url = image["filename"], image["url"]
    for address in (page_of(image), f"/images/{filename}", f"/oembed?url={url}", image["thumbnail_url"]):
        get(client, str(address))


def run_commands(app: Flask, folder: Path) -> None:
    """Export and import, back up, and clean up a storage with an orphan and a lost file."""
    run(app, "images", "export", str(folder))
    run(app, "images", "import", str(folder))
    run(app, "images", "import", str(folder))
    run(app, "backup", "create")
    storage = host_of(app).settings.images_dir
    put(storage, f"or/{ORPHAN}")
    max(storage.glob("im/image*")).unlink()
    run(app, "cleanup", "--checksums", "--drop-missing")
    assert not (storage / "or" / ORPHAN).exists()


def run(app: Flask, *words: str) -> None:
    """Run a command."""
    ended = app.test_cli_runner().invoke(args=words)
    assert ended.exit_code == 0, ended.output


def delete(client: FlaskClient, images: list[dict[str, object]]) -> None:
    """Delete images by all three addresses."""
    first, second, third, *others = images
    assert client.post(f"/delete/{first['id']}", headers=PAGE).status_code == 303
    assert client.delete(f"/api/upload/{second['filename']}").status_code == 200
    for image in (third, *others):
        assert client.delete(f"/delete/{image['id']}").status_code == 200
