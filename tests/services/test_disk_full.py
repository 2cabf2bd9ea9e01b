"""Uploads and deletions on a small disk that is really full."""

from pathlib import Path

import pytest

from imagehost.storage.spool import HELD
from tests import pictures
from tests.conftest import ON_BOTH_DATABASES, SHAPES, as_upload, assert_error, stored_files
from tests.forms import form, part
from tests.storage.small_disk import SmallDisk
from tests.system import truth

pytestmark = ON_BOTH_DATABASES

PNG = pictures.png(8, 8)
PHOTO = pictures.jpg(800, 600, quality=95)
"""The size is above a buffer of the form parser, so a part of it is written before the disk is full."""


@pytest.fixture
def disk(tmp_path):
    with SmallDisk(tmp_path / "disk", "size=2m") as small:
        yield small


@pytest.fixture
def app(make_app, disk):
    """Build an application that stores its images on this disk."""
    return make_app(IMAGES_DIR=disk.path / "images")


def upload(client, content: bytes = PNG, shape: dict[str, str] | None = None):
    return client.post("/upload", data=as_upload(content), headers=shape or {})


@SHAPES
@pytest.mark.parametrize("leave", [0, 64 * 1024], ids=["no room", "room for a part"])
def test_an_upload_finds_no_room_and_leaves_nothing(app, client, disk, database_url, shape, leave):
    assert upload(client).status_code == 200
    ballast = disk.fill(leave)
    assert_error(upload(client, PHOTO, shape), 507, "storage_full", "no storage space left")
    assert len(stored_files(app)) == 1
    truth.assert_exact(database_url, disk.path / "images")
    ballast.unlink()
    assert upload(client, PHOTO).status_code == 200
    truth.assert_exact(database_url, disk.path / "images")
    assert len(stored_files(app)) == 2


def test_the_cleaned_copy_finds_no_room_and_leaves_nothing(app, client, disk, database_url):
    content = pictures.jpg(1600, 1200, quality=95, comment=b"where it was")
    assert len(content) > HELD
    assert upload(client).status_code == 200
    disk.fill(leave=len(content) + 64 * 1024)
    assert_error(client.post("/upload", **form(part(content))), 507, "storage_full")
    assert upload(client, PHOTO).status_code == 200
    truth.assert_exact(database_url, disk.path / "images")
    assert len(stored_files(app)) == 2


def test_a_deletion_makes_room(client, disk, database_url):
    image = upload(client, PHOTO).json
    disk.fill()
    assert_error(upload(client, PHOTO), 507, "storage_full")
    assert client.delete(f"/delete/{image['id']}").status_code == 200
    assert upload(client, PHOTO).status_code == 200
    truth.assert_exact(database_url, disk.path / "images")


@SHAPES
def test_a_thumbnail_finds_no_room_and_leaves_nothing(app, client, disk, shape):
    image = upload(client, PHOTO).json
    ballast = disk.fill()
    assert_error(client.get(image["thumbnail_url"], headers=shape), 507, "storage_full")
    assert client.get(image["url"]).data == PHOTO
    ballast.unlink()
    assert len(stored_files(app)) == 1
    assert client.get(image["thumbnail_url"]).status_code == 200


@pytest.mark.parametrize("inodes", [6, 20], ids=["not enough for the storage", "too few for another image"])
def test_no_inode_is_left(make_app, tmp_path, database_url, inodes):
    with SmallDisk(tmp_path / "disk", f"size=2m,nr_inodes={inodes}") as disk:
        client = make_app(IMAGES_DIR=disk.path / "images").test_client()
        for number in range(inodes):
            try:
                (disk.path / str(number)).touch()
            except OSError:
                (disk.path / str(number - 1)).unlink()
                break
            if inodes > 6 and number == 2:
                assert upload(client).status_code == 200
        assert_error(upload(client), 507, "storage_full")
        for path in disk.path.glob("[0-9]*"):
            path.unlink()
        if inodes > 6:
            assert upload(client).status_code == 200
            truth.assert_exact(database_url, disk.path / "images")


def test_a_read_only_disk_serves_images_and_accepts_no_upload(client, disk, database_url):
    image = upload(client, PHOTO).json
    disk.remount("bind,ro")
    assert_error(upload(client), 503, "unavailable", "storage")
    assert client.get("/readyz").json["storage"] == "unavailable"
    assert client.get(image["url"]).data == PHOTO
    disk.remount("bind,rw")
    assert upload(client).status_code == 200
    truth.assert_exact(database_url, disk.path / "images")


def test_a_log_without_room_stops_no_upload(make_app, disk, database_url, tmp_path, capsys):
    client = make_app(LOG_DIR=disk.path / "logs", LOG_LEVEL="debug").test_client()
    assert upload(client).status_code == 200
    ballast = disk.fill()
    ids = [upload(client).json["id"] for _ in range(20)]
    assert client.delete(f"/delete/{ids[0]}").status_code == 200
    assert upload(client, b"hello").status_code == 415
    ballast.unlink()
    assert upload(client).status_code == 200
    log = (disk.path / "logs" / "app.log").read_text()
    assert log.count("image uploaded") >= 2
    truth.assert_exact(database_url, tmp_path / "images")


def test_counts_of_clients_without_room_stop_no_upload(make_app, disk, tmp_path, database_url):
    settings = {"IMAGES_DIR": tmp_path / "images", "LOG_DIR": tmp_path / "logs", "RATE_LIMIT_ENABLED": True}
    client = make_app(INSTANCE_DIR=disk.path / "instance", SECRET_KEY="x", **settings).test_client()
    disk.fill()
    assert upload(client).status_code == 200
    (disk.path / "ballast").unlink()
    assert upload(client).status_code == 200
    disk.fill()
    assert upload(client).status_code == 200


def test_no_mount_is_left(disk):
    assert disk.path.stat().st_dev != disk.mount.stat().st_dev
    assert str(disk.mount) not in Path("/proc/self/mounts").read_text()
