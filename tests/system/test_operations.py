"""The procedures of docs/operations.md work literally on a machine that is set up by this document."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from PIL import Image

from imagehost.settings.reader import ROOT
from tests import pictures
from tests.postgres import Postgres
from tests.storage.small_disk import SmallDisk
from tests.system import manual, origin, preloaded, truth
from tests.system.machine import Machine
from tests.system.manual import Command
from tests.system.server import wait_until

DATABASES = Command("$", "psql -d postgres -Atc 'SELECT datname FROM pg_database'")
STOP, START = manual.OPERATIONS["Stop and start"][0].commands


def distinct(number: int) -> bytes:
    """Return a small picture that is different for each number."""
    return pictures.encode(Image.new("RGB", (8, 8), (number % 256, number // 256, 9)), "png")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Yield a folder with a short path that the user of nginx's workers can read."""
    folder = Path(tempfile.mkdtemp(prefix="imagehost-ops-", dir="/tmp"))
    folder.chmod(0o755)
    head = ScriptDirectory(str(ROOT / "migrations")).get_current_head()
    origin.make(folder / "origin", head)
    with preloaded.running(folder / "preloaded"):
        yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Postgres]:
    """Run a separate PostgreSQL server, since some procedures stop it."""
    server = Postgres()
    yield server
    server.remove()


@pytest.fixture(scope="module")
def host(folder, cluster) -> Iterator[Machine]:
    """Yield a machine on PostgreSQL with nginx, installed by the document."""
    machine = Machine(folder / "here", cluster)
    try:
        machine.follow("On a plain machine")
        yield machine
    finally:
        machine.end()


@pytest.fixture(scope="module")
def alone(host) -> Machine:
    """Return the same machine without nginx, whose open connections make gunicorn slow to stop."""
    host.run(Command("#", "systemctl stop imagehost-nginx"))
    host.spare("imagehost-backup")
    return host


@pytest.fixture(scope="module")
def new(folder, cluster, host) -> Iterator[Machine]:
    """Yield another machine on PostgreSQL, on which nothing was started yet."""
    cluster.execute("CREATE DATABASE moved OWNER imagehost")
    machine = Machine(folder / "new", cluster, "moved")
    try:
        machine.provide()
        yield machine
    finally:
        machine.end()


@pytest.fixture(scope="module")
def small(folder, cluster, host) -> Iterator[Machine]:
    """Yield a machine on SQLite."""
    cluster.execute("CREATE DATABASE converted OWNER imagehost")
    machine = Machine(folder / "small", cluster, "converted")
    try:
        machine.provide(sqlite=True)
        machine.spare("imagehost-backup")
        yield machine
    finally:
        machine.end()


NUMBERS = iter(range(65536))


def upload(machine: Machine, number: int = 2) -> dict[str, str]:
    """Upload a number of pictures, and return all images that the machine has."""
    machine.upload(*(distinct(next(NUMBERS)) for _ in range(number)))
    return machine.rows()


def test_every_procedure_is_followed_below():
    procedures = {
        name for name, blocks in manual.OPERATIONS.items() if any(block.kind == "console" for block in blocks)
    }
    followed = set(re.findall(r'\.follow\("([^"]+)"', Path(__file__).read_text()))
    # The first section explains how to run commands; STOP and START execute the second one.
    assert procedures - followed == {"How commands are run", "Stop and start"}


def test_a_new_machine_serves_and_makes_its_first_backup(host):
    wait_until((host.backups / "schedule.json").exists, "no backup is made", 30)
    content = distinct(next(NUMBERS))
    (filename,) = host.upload(content)
    assert requests.get(f"{host.pages}/images/{filename}", timeout=30).content == content
    assert (host.project / ".env").stat().st_mode & 0o777 == 0o600
    assert '"problem": null' in host.follow("Nightly backups", 0)
    assert requests.get(host.named("http://localhost:8090/readyz"), timeout=30).status_code == 200
    assert "OK; made by" in host.follow("Nightly backups", 1)


def test_the_first_commands_show_the_problems(host):
    answer = requests.get(f"{host.url}/images-list", timeout=30)
    host.names["1f0a3c5e7b9d2468"] = answer.headers["X-Request-ID"]
    said = host.follow("What is wrong?")
    for sign in (
        '"storage":"ok"',
        "Filesystem",
        "backup_20",
        "rows without a file",
        "imagehost active",
        "/images-list",
    ):
        assert sign in said, said


def test_an_upgrade_is_rolled_back(host):
    before = upload(host)
    host.follow("Upgrade")
    host.choose(backup=host.newest())
    with truth.reading(host.database) as connection:
        assert "albums" in sa.inspect(connection).get_table_names()
    host.assert_whole(before)
    after = upload(host)
    assert "The previous state of this host is in the safety backup backup_" in host.follow("Roll back")
    host.assert_whole(before)
    with truth.reading(host.database) as connection:
        assert "albums" not in sa.inspect(connection).get_table_names()
    assert after != before


def test_backups_off_the_site_are_complete_and_share_files(alone, folder):
    (folder / "nas").mkdir()
    upload(alone)
    alone.backup()
    alone.follow("Off the site", 0)
    alone.backup()
    alone.follow("Off the site", 0)
    # The folder is like a newly mounted disk.
    (alone.folder / "mnt" / "nas").symlink_to(folder / "nas")
    assert "OK; made by" in alone.follow("Off the site", 2)
    sent = list((folder / "nas" / "imagehost").glob(f"backup_*/images/*/{next(iter(alone.rows()))}"))
    assert len(sent) > 1
    assert len({path.stat().st_ino for path in sent}) == 1
    # The command that cron runs each night.
    (table,) = (block for block in manual.OPERATIONS["Off the site"] if block.file)
    *when, user, command = table.text.split(maxsplit=6)
    assert (when, user) == (["30", "4", "*", "*", "*"], "imagehost")
    newest = alone.backup()
    alone.run(Command("#", command))
    assert (folder / "nas" / "imagehost" / newest).is_dir()


def test_a_damaged_backup_is_mended_from_another(alone):
    (filename,) = alone.upload(distinct(next(NUMBERS)))
    alone.names["backup_2026-11-24_030000"] = alone.backup()
    alone.choose(image=filename)
    damaged = alone.backups / alone.backup() / "images" / filename[:2] / filename
    damaged.unlink()
    damaged.write_bytes(bytes(100))
    assert filename in alone.follow("A backup is damaged", 0, failing=["flask backup verify"])
    assert "OK; made by" in alone.follow("A backup is damaged", 1)


def test_a_lost_database_is_restored_with_later_uploads_as_new_images(alone, cluster):
    before = upload(alone)
    alone.backup()
    later = upload(alone)
    cluster.execute("DROP DATABASE imagehost WITH (FORCE)")
    assert not alone.is_ready()
    # The time is that of a restore, for example. Only files that the backup does not have matter.
    for path in alone.images.glob("??/*"):
        os.utime(path)
    alone.follow("Only the database is lost", failing=["sudo -u postgres createuser"])
    assert alone.is_ready()
    assert alone.rows().items() >= before.items()
    assert len(alone.rows()) == len(later)
    assert set(alone.rows().values()) == set(later.values())
    # These files are younger than an hour, so the last command of the document does not remove the old
    # copies.
    alone.flask("cleanup", "--force", "--grace", "0")
    alone.assert_whole(alone.rows())


def test_an_earlier_state_and_lost_files_are_restored(alone):
    before = upload(alone)
    alone.backup()
    after = upload(alone)
    alone.run(STOP)
    alone.follow("Back to an earlier state")
    assert alone.rows() == before
    alone.choose(backup=alone.newest())
    alone.follow("Back to an earlier state")
    assert alone.rows() == after
    shutil.rmtree(alone.images)
    alone.images.mkdir()
    assert "was restored" in alone.follow("Only the files are lost")
    alone.run(START)
    alone.assert_whole(after)


def test_an_image_that_was_deleted_is_fetched_from_a_backup(alone):
    content = pictures.jpg(40, 30)
    (filename,) = alone.upload(content, name="holiday.jpg")
    alone.backup()
    requests.delete(f"{alone.url}/api/upload/{filename}", timeout=30).raise_for_status()
    alone.choose(image=filename)
    assert filename in alone.follow("One image that was deleted")
    newest = requests.get(f"{alone.url}/images-list", timeout=30).json()["data"][0]
    assert newest["original_name"] == "holiday.jpg"
    assert requests.get(alone.url + newest["url"], timeout=30).content == content


def test_all_is_restored_by_hand_with_psql(alone):
    before = upload(alone)
    alone.backup()
    upload(alone)
    alone.run(STOP)
    shutil.rmtree(alone.images)
    alone.follow("Restore by hand")
    alone.follow("The rows, with psql")
    alone.follow("The files", 0)
    alone.run(START)
    alone.follow("The files", 1)
    alone.assert_whole(before)
    assert len(upload(alone)) == len(before) + 2
    assert re.search(r"^imagehost_\d{8}_\d{6}$", alone.run(DATABASES), re.MULTILINE)


def test_a_full_disk_gets_room(small):
    with SmallDisk(small.instance, "size=8m") as disk:
        small.inside = disk.enter
        try:
            fill_and_free(small, disk)
        finally:
            small.run(STOP)
            small.inside = ()


def fill_and_free(small: Machine, disk: SmallDisk) -> None:
    small.run(START)
    large = pictures.jpg(1600, 1067, quality=97)
    kept, *gone = small.upload(distinct(next(NUMBERS)), large, large, large)
    small.flask("backup", "create")
    for name in gone:
        requests.delete(f"{small.url}/api/upload/{name}", timeout=30).raise_for_status()
    small.flask("backup", "create")
    (disk.path / "logs" / "app.log.1").write_bytes(bytes(1000))
    (disk.path / "images" / ".renditions" / "x").write_bytes(bytes(300_000))
    disk.fill()
    answer = requests.post(f"{small.url}/upload", files={"file": ("x.jpg", large)}, timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (507, "storage_full")
    for path in (f"/images/{kept}", "/images-list"):
        assert requests.get(small.url + path, timeout=30).status_code == 200
    assert requests.delete(f"{small.url}/api/upload/{kept}", timeout=30).status_code == 507
    small.follow("The disk is full")
    answer = requests.post(f"{small.url}/upload", files={"file": ("x.jpg", large)}, timeout=60)
    assert answer.status_code == 200, answer.text


def test_readme_restores_by_hand_as_the_operations_do():
    shown = manual.README["Backups"][-1].commands
    sections = ("The rows, with psql", "The files")
    followed = [command for name in sections for command in manual.OPERATIONS[name][0].commands]
    # Without renaming the old database, which a new host does not have.
    assert shown == followed[1:]


def test_all_is_restored_by_hand_with_sqlite3(small):
    small.run(START)
    before = upload(small)
    small.backup()
    upload(small)
    small.run(STOP)
    shutil.rmtree(small.images)
    small.follow("Restore by hand")
    small.follow("The rows, with sqlite3")
    small.follow("The files", 0)
    small.run(START)
    small.follow("The files", 1)
    small.assert_whole(before)
    assert len(upload(small)) == len(before) + 2


def test_a_damaged_file_of_sqlite_is_exchanged(small):
    before = upload(small)
    small.backup()
    later = upload(small)
    small.run(STOP)
    (small.instance / "imagehost.db").write_bytes(b"no database" * 1000)
    assert small.run(Command("$", "flask cleanup"), fails=True)
    small.follow("The file of SQLite is damaged")
    small.follow("Only the database is lost", 1)
    small.run(START)
    assert small.is_ready()
    assert small.rows().items() >= before.items()
    assert sorted(small.rows().values()) == sorted(later.values())
    small.flask("cleanup", "--force", "--grace", "0")
    small.assert_whole(small.rows())


def test_sqlite_is_exchanged_for_postgresql(small, cluster):
    before = upload(small)
    small.follow("From SQLite to PostgreSQL")
    small.database = cluster.url("converted")
    small.assert_whole(before)
    assert len(upload(small)) == len(before) + 2


def test_a_machine_moves(alone, new):
    before = upload(alone)
    settings = new.project / ".env"
    own = settings.read_text()
    alone.follow("Move to another machine", 0)
    assert settings.read_text() == (alone.project / ".env").read_text()
    # Two machines would each have these ports and a database server.
    settings.write_text(own)
    new.choose(backup=new.newest())
    assert '"database":"ok"' in new.follow("Move to another machine", 1)
    new.assert_whole(before)
    assert (new.instance / "secret_key").read_text() == (alone.instance / "secret_key").read_text()
    alone.run(START)
    alone.assert_whole(before)


def test_everything_is_restored_on_a_new_machine(alone, new, cluster):
    before = upload(alone)
    alone.backup()
    alone.follow("Off the site", 0)
    new.end()
    shutil.rmtree(new.instance)
    cluster.execute("DROP DATABASE moved")
    cluster.execute("CREATE DATABASE moved OWNER imagehost")
    new.run(START)
    wait_until((new.backups / "schedule.json").exists, "no backup is made", 30)
    new.choose(backup=alone.newest())
    new.follow("Everything is lost")
    new.assert_whole(before)


def test_backups_go_to_another_disk(new):
    new.follow("On another disk")
    place = new.folder / "mnt" / "backups" / "imagehost"
    wait_until((place / "schedule.json").exists, "no backup is made", 30)
    assert list(place.glob("backup_*"))


def test_images_go_to_a_larger_disk(new):
    before = new.rows()
    new.follow("Images on a larger disk")
    new.images = new.folder / "mnt" / "images" / "imagehost"
    new.assert_whole(before)
    # nginx serves it from the new disk.
    filename = next(iter(before))
    for status, method in ((200, "GET"), (200, "DELETE"), (404, "GET")):
        path = "/api/upload/" if method == "DELETE" else "/images/"
        assert requests.request(method, new.pages + path + filename, timeout=30).status_code == status


def test_the_database_is_started_and_found_again(alone, cluster):
    before = upload(alone)
    # PostgreSQL is stopped regularly, since in the tests the last commits are not flushed.
    cluster.run("pg_ctl", "-m", "fast", "-w", "-s", "stop")
    assert not alone.is_ready()
    assert "15 main down" in alone.follow("The database does not answer")
    alone.assert_whole(before)


def test_a_storage_that_is_not_mounted_is_seen_and_nothing_is_written_to_it(alone):
    before = upload(alone)
    aside = alone.images.rename(alone.images.with_name("unmounted"))
    alone.images.mkdir()
    answer = requests.get(f"{alone.url}/readyz", timeout=30)
    assert (answer.status_code, answer.json()["storage"]) == (503, "unavailable")
    alone.follow("The storage does not answer", failing=["touch"])
    assert not list(alone.images.iterdir())
    alone.images.rmdir()
    aside.rename(alone.images)
    alone.assert_whole(before)


def test_lost_and_damaged_images_are_repaired(alone):
    before = upload(alone, 3)
    alone.backup()
    lost, damaged, copied = list(before)[-3:]
    (alone.images / lost[:2] / lost).unlink()
    for name in (damaged, copied):
        (alone.images / name[:2] / name).write_bytes(bytes(100))
    alone.choose(image=copied)
    said = alone.follow("Lost or damaged images", 0, failing=["flask cleanup"])
    assert all(name in said for name in (lost, damaged, copied))
    alone.follow("Lost or damaged images", 1)
    assert truth.files(alone.images)[copied] == before[copied]
    alone.run(STOP)
    alone.follow("Lost or damaged images", 2)
    alone.run(START)
    alone.assert_whole(before)
    (filename,) = alone.upload(distinct(next(NUMBERS)))
    (alone.images / filename[:2] / filename).unlink()
    alone.follow("Lost or damaged images", 3)
    alone.assert_whole(before)


def test_a_secret_key_that_got_out_is_exchanged(alone):
    path = alone.instance / "secret_key"
    before = path.read_text()
    alone.follow("A secret that got out")
    assert path.read_text() != before
    assert path.stat().st_mode & 0o777 == 0o600
    assert alone.is_ready()


def test_an_image_is_removed_permanently(alone):
    (filename,) = alone.upload(distinct(next(NUMBERS)))
    alone.backup()
    alone.flask("backup", "verify")
    alone.flask("backup", "create", "--database-only")
    alone.choose(image=filename)
    said = alone.follow("An image that has to go")
    assert f"image uploaded image={filename}" in said
    assert "Image deleted successfully." in said
    assert requests.get(f"{alone.url}/images/{filename}", timeout=30).status_code == 404
    assert not list(alone.backups.rglob(filename))
    assert [path.name for path in alone.backups.glob("backup_*")] == [alone.newest()]
    assert not list(alone.backups.glob("*.sql"))


def test_logs_are_rotated_while_the_host_runs(alone):
    alone.names["LOG_MAX_SIZE=5000000"] = "LOG_MAX_SIZE=400"
    assert "app.log" in alone.follow("Logs that grow")
    folder = alone.instance / "logs"
    filenames = alone.upload(*(distinct(next(NUMBERS)) for _ in range(20)))
    newest = (folder / "app.log.1").read_text() + (folder / "app.log").read_text()
    assert f"image={filenames[-1]} " in newest
    assert (folder / "app.log.5").exists()
    assert not (folder / "app.log.6").exists()
    assert max(path.stat().st_size for path in folder.glob("app.log*")) <= 1000
