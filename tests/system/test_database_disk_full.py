"""The real server with SQLite on a full disk."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests import pictures
from tests.storage.small_disk import SmallDisk
from tests.system import truth
from tests.system.server import MAKE_RUN, Server

PNG = pictures.png(8, 8)
SHAPES = {"page": {"Accept": "text/html"}, "fragment": {"HX-Request": "true"}, "json": {}}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with SmallDisk(tmp_path / "disk", "size=2m") as small:
        yield small


@pytest.fixture
def server(disk: SmallDisk, tmp_path: Path) -> Iterator[Server]:
    url = f"sqlite:///{disk.mount}/imagehost.db"
    with Server(tmp_path, command=[*disk.enter, *MAKE_RUN], DATABASE_URL=url) as running:
        yield running


def upload(server: Server, headers: dict[str, str] | None = None) -> requests.Response:
    url = f"{server.url}/upload"
    return requests.post(
        url, files={"file": ("x.png", PNG)}, headers=headers, allow_redirects=False, timeout=30
    )


def assert_exact(disk: SmallDisk, server: Server) -> None:
    """Assert that rows, files and counts agree.

    The database is read from a copy that includes SQLite's log.
    """
    copy = server.folder / "copy"
    copy.mkdir(exist_ok=True)
    for path in copy.iterdir():
        path.unlink()
    for path in disk.path.glob("imagehost.db*"):
        if not path.name.endswith("-shm"):
            shutil.copy(path, copy)
    truth.assert_exact(f"sqlite:///{copy}/imagehost.db", server.folder / "images")


def test_a_full_database_accepts_no_upload_until_there_is_space(server, disk):
    assert upload(server).status_code == 200
    ballast = disk.fill()
    # The log of SQLite still has some space at first.
    while (answer := upload(server)).status_code == 200:
        pass
    assert (answer.status_code, answer.json()["code"]) == (507, "storage_full")
    for shape, headers in SHAPES.items():
        answer = upload(server, headers)
        assert answer.status_code == 507, shape
        assert "no storage space left" in answer.text
    assert requests.get(f"{server.url}/images-list", timeout=30).status_code == 200
    assert_exact(disk, server)
    ballast.unlink()
    for _ in range(20):  # every connection of every worker
        assert upload(server).status_code == 200
    assert_exact(disk, server)
    assert "internal error" not in server.app_log()


def test_a_database_that_is_full_at_the_connection_accepts_no_upload(server, disk):
    ballast = disk.fill()
    answer = upload(server)
    assert (answer.status_code, answer.json()["code"]) == (507, "storage_full")
    ballast.unlink()
    assert upload(server).status_code == 200
    assert_exact(disk, server)
