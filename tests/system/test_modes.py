"""The permissions of the host's files: for its user, its group with the web server, and no other users."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests import pictures
from tests.ports import free_port
from tests.system.commands import flask, run
from tests.system.nginx import Nginx, working_folder
from tests.system.server import Server, wait_until

GROUP = 23456 if os.geteuid() == 0 else os.getegid()
"""The group of the web server. If root runs the tests, they use another group than their own."""
PHOTO = pictures.jpg(64, 48)
OF_THE_TESTS = {"output", "nginx-output", "shipped"}


def open_to_others(folder: Path) -> list[str]:
    """Return the files in a folder that others may read, write or enter, except those that the tests made."""
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if not path.is_symlink()
        and path.stat().st_mode & 0o007
        and OF_THE_TESTS.isdisjoint(path.relative_to(folder).parts)
    )


@pytest.fixture
def folder() -> Iterator[Path]:
    with working_folder() as made:
        (made / "host").mkdir()
        yield made / "host"


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def server(folder: Path, port: int) -> Iterator[Server]:
    behind_nginx = {"TRUSTED_PROXIES": 1, "BIND_ADDRESS": "127.0.0.1"}
    with Server(folder, WEB_SERVER_START_PORT=port, **behind_nginx, RATE_LIMIT_ENABLED="true") as running:
        yield running


def settings(folder: Path) -> dict[str, object]:
    return {"INSTANCE_DIR": folder}


def upload(url: str) -> dict[str, str]:
    answer = requests.post(f"{url}/upload", files={"file": ("x.jpg", PHOTO)}, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_other_users_cannot_read_any_file(folder, server, port):
    flask(settings(folder), "assets", str(folder / "assets"))
    with Nginx(folder, WEB_SERVER_START_PORT=port, LOG_MAX_SIZE=2000, LOG_KEEP=2) as nginx:
        image = upload(nginx.url)
        for address in (image["url"], image["thumbnail_url"], f"{nginx.url}/images-list"):
            assert requests.get(address, timeout=30).status_code == 200
        for _ in range(30):
            requests.get(f"{nginx.url}/nowhere", timeout=30)
        wait_until(lambda: (nginx.log_dir / "access.log.1").exists(), "nginx rotates nothing")
        wait_until(lambda: (nginx.log_dir / "access.log").exists(), "nginx begins no new log")
    flask(settings(folder), "backup", "create")
    flask(settings(folder), "images", "export", str(folder / "exported"))
    made = {path.name for path in folder.rglob("*")}
    assert {"imagehost.db", "ratelimits.db", "secret_key", "app.log", "access.log", "error.log"} <= made
    assert {
        image["filename"],
        f"{image['filename']}.webp",
        "database.sql",
        "types.conf",
        "nginx.conf",
    } <= made
    assert open_to_others(folder) == []
    assert stat.S_IMODE((folder / "secret_key").stat().st_mode) == 0o600


@pytest.mark.parametrize("belongs", [True, False])
def test_a_web_server_that_is_in_the_group_gives_the_images_from_the_disk(folder, server, port, belongs):
    """nginx runs as another user, whom the administrator added to the group (docs/nginx.md)."""
    images, assets = folder / "images", folder / "assets"
    requests.get(f"{server.url}/readyz", timeout=30).raise_for_status()
    upload(server.url)
    flask(settings(folder), "assets", str(assets))
    for path in (folder, *images.rglob("*"), images, *assets.rglob("*"), assets):
        os.chown(path, -1, GROUP)
        path.chmod(path.stat().st_mode | (stat.S_ISGID if path.is_dir() else 0))
    own = folder.parent / "nginx"
    own.mkdir()
    inside = []
    if os.geteuid() == 0:
        os.chown(own, 65534, -1)
        groups = [f"--groups={GROUP}"] if belongs else ["--clear-groups"]
        inside = ["setpriv", "--reuid=nobody", "--regid=nogroup", *groups, "--no-new-privs"]
    folders = {"IMAGES_DIR": images, "ASSETS_DIR": assets, "WEB_SERVER_START_PORT": port}
    with Nginx(own, inside, as_root=False, LOG_FORMAT="json", **folders) as nginx:
        # One image is in a new folder and one in an old folder, and both were made after the group was
        # changed.
        image = upload(nginx.url)
        assert requests.get(image["thumbnail_url"], timeout=30).status_code == 200
        for address in (image["url"], image["thumbnail_url"], f"{nginx.url}/favicon.ico"):
            number = requests.get(address, timeout=30).headers["X-Request-ID"]
            from_disk = nginx.line(number)["upstream"] in {"", "-"}
            assert from_disk is (belongs or os.geteuid() != 0)
    assert open_to_others(images) == []


def as_older_releases_left_it(folder: Path) -> None:
    """Make all files and folders readable for others, as with the umask 022."""
    for path in (folder, *folder.rglob("*")):
        if path.name != "secret_key" and "backups" not in path.parts:
            path.chmod(path.stat().st_mode | (0o005 if path.is_dir() else 0o004))


def test_an_upgrade_removes_rights_of_others_and_a_clean_up_corrects_each_file(folder, server):
    for number in range(3):
        upload(server.url)
        flask(settings(folder), "assets", str(folder / "assets" / str(number)))
    flask(settings(folder), "backup", "create")
    server.kill()
    (folder / "logs" / "app.log.1").write_text("old\n")
    (folder / "logs" / "access.log.3").write_text("old\n")
    (folder / "somebody-elses").write_text("kept as it is")
    as_older_releases_left_it(folder)
    (backup,) = (folder / "backups").glob("backup_*")
    backup.chmod(0o755)
    stranger = folder / "backups" / "somebody-elses"
    stranger.write_text("kept as it is")
    stranger.chmod(0o644)
    before = {path: path.stat().st_mode for path in folder.rglob("*")}
    assert flask_text(folder, "db", "upgrade") == 0
    for path in (*folder.glob("*.db*"), *(folder / "logs").iterdir(), folder / "images"):
        assert path.stat().st_mode & 0o007 == 0, path
        # The permissions of the owner and the group are not changed.
        assert path.stat().st_mode & 0o770 == before[path] & 0o770
    assert backup.stat().st_mode & 0o777 == 0o750
    for path in (folder / "somebody-elses", stranger):
        assert path.stat().st_mode == before[path], path
    marker = folder / "images" / ".imagehost"
    assert marker.stat().st_mode & 0o007
    assert len(open_to_others(folder / "images")) > 6
    flask(settings(folder), "cleanup", "--dry-run")
    assert len(open_to_others(folder / "images")) > 6
    flask(settings(folder), "cleanup")
    assert open_to_others(folder / "images") == []
    assert all(
        path.stat().st_mode & 0o770 == before[path] & 0o770
        for path in (folder / "images").rglob("*")
        if path in before
    )


def flask_text(folder: Path, *words: str) -> int:
    """Run a command that has no option --json, and return its status."""
    return run(settings(folder), *words).returncode
