"""Backups of a real server, made and restored by the commands, on both databases."""

import itertools
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa
from PIL import Image

from imagehost import create_app
from imagehost.operations.backups.catalogue import Backup
from imagehost.operations.backups.create import create_backup
from imagehost.operations.backups.verify import verify_backup
from imagehost.settings.database_url import normalise
from tests import pictures
from tests.applications import close, host_of
from tests.forked import Forked
from tests.operations.backups import hostile
from tests.ports import free_port
from tests.storage.small_disk import SmallDisk
from tests.system import truth
from tests.system.commands import assert_killed, flask, run, start
from tests.system.server import wait_until

BACKUPS = 20
LARGE = pictures.jpg(1600, 1067, quality=97)


def distinct(number: int) -> bytes:
    """Return a small picture that is different for each number."""
    return pictures.encode(Image.new("RGB", (8, 8), (number % 256, number // 256, 7)), "png")


def upload(server, content: bytes) -> dict[str, object]:
    answer = requests.post(f"{server.url}/upload", files={"file": ("x.png", content)}, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def settings(server, url) -> dict[str, object]:
    return {"INSTANCE_DIR": server.folder, "DATABASE_URL": url}


@pytest.fixture
def load(server) -> Iterator[list[int]]:
    """Upload and delete images until the test ends. Yield a list with an entry for each of them."""
    stop, done = threading.Event(), []

    def work(first: int) -> None:
        recent: list[object] = []
        for number in itertools.count(first):
            if stop.is_set():
                return
            recent.append(upload(server, distinct(number))["id"])
            if len(recent) > 3:
                answer = requests.delete(f"{server.url}/delete/{recent.pop(0)}", timeout=60)
                assert answer.status_code == 200, answer.text
            done.append(number)

    threads = [threading.Thread(target=work, args=(first,)) for first in (0, 20000)]
    for thread in threads:
        thread.start()
    yield done
    stop.set()
    for thread in threads:
        thread.join()


def test_backups_under_load_are_complete(server, url, load):
    app = create_app(DATABASE_URL=url, INSTANCE_DIR=server.folder)
    try:
        host = host_of(app)
        for _ in range(BACKUPS):
            before = len(load)
            made = create_backup(host)
            assert made.manifest.problems() == []
            assert verify_backup(host, made.backup) == []
            wait_until(lambda before=before: len(load) > before, "the load has stopped")
            shutil.rmtree(made.backup.path)
    finally:
        close(app)
    truth_after(server)


def truth_after(server) -> None:
    """Assert that rows and files are exact, and that no file that was retained for a backup is left."""
    assert not truth.hidden(server.folder / "images", ".deleted")


def test_everything_is_restored_after_a_total_loss(server, url, settings):
    for number in range(5):
        upload(server, distinct(50000 + number))
    before = truth.rows(url)
    assert len(before) >= 5
    name = flask(settings, "backup", "create")["name"]
    drop_tables(url)
    shutil.rmtree(server.folder / "images")
    assert requests.get(f"{server.url}/readyz", timeout=30).status_code == 503
    done = flask(settings, "backup", "restore", name)
    assert done["images"] == len(before)
    # The server was not stopped, and continues to work.
    wait_until(lambda: requests.get(f"{server.url}/readyz", timeout=30).status_code == 200, "not ready")
    truth.assert_exact(url, server.folder / "images", before)
    upload(server, distinct(60000))
    truth.assert_exact(url, server.folder / "images")


def drop_tables(url: str) -> None:
    engine = sa.create_engine(normalise(url), poolclass=sa.NullPool)
    with engine.begin() as connection:
        for table in sa.inspect(connection).get_table_names():
            connection.execute(sa.text(f"DROP TABLE {table}"))


@pytest.fixture
def small_disk(tmp_path):
    with SmallDisk(tmp_path / "disk", "size=1m") as disk:
        yield disk


def test_a_full_disk_is_reported_and_no_file_is_left(server, settings, small_disk):
    upload(server, LARGE)
    elsewhere = {**settings, "BACKUP_DIR": small_disk.mount}
    small_disk.fill()
    ended = run(elsewhere, "backup", "create", inside=small_disk.enter)
    assert ended.returncode == 1
    assert "No space left on device" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not [path for path in small_disk.path.iterdir() if "backup_" in path.name]


def test_a_killed_backup_is_not_listed(server, settings):
    """The kill is at the last moment, before the rename.

    (The first rename is that of the folder for deletions.)
    """
    before = flask(settings, "backup", "list")["backups"]
    assert_killed(settings, "backup", "create", at="rename", nth=2)
    assert list((server.folder / "backups").glob(".draft-*"))
    assert flask(settings, "backup", "list")["backups"] == before
    made = flask(settings, "backup", "create")["name"]
    assert flask(settings, "backup", "verify", made)["backups"] == {made: []}
    assert not list((server.folder / "backups").glob(".draft-*"))


def test_a_hostile_backup_executes_nothing(server, url, settings):
    upload(server, distinct(52000))
    before = truth.rows(url)
    name = flask(settings, "backup", "create")["name"]
    assert flask(settings, "backup", "verify", name)["origins"] == {name: "this_host"}
    backup, trap = Backup(server.folder / "backups" / name), server.folder / "trap"
    sqlite = url.startswith("sqlite")
    attack = f"ATTACH '{trap}' AS evil;\n" if sqlite else f"\\! id > {trap}\n"
    backup.dump.write_text(attack + backup.dump.read_text())
    hostile.reseal(backup)
    checked = run(settings, "backup", "verify", name)
    assert checked.returncode == 1
    assert (
        "database.sql is refused: it contains SQL that backups of imagehost never contain" in checked.stdout
    )
    assert "made by another host" in checked.stdout
    for words in ((), ("--yes",), ("--yes", "--foreign")):
        refused = run(settings, "backup", "restore", name, *words)
        assert (refused.returncode, refused.stderr.count("imagehost: ")) == (1, 1)
    drop_tables(url)
    assert run(settings, "backup", "restore", name).returncode == 1
    assert not trap.exists()
    backup.dump.write_text(backup.dump.read_text().removeprefix(attack))
    hostile.reseal(backup)
    flask(settings, "backup", "restore", name)
    truth.assert_exact(url, server.folder / "images", before)


def test_a_restore_that_is_killed_can_be_done_again(server, url, settings):
    for number in range(3):
        upload(server, distinct(51000 + number))
    before = truth.rows(url)
    name = flask(settings, "backup", "create")["name"]
    drop_tables(url)
    shutil.rmtree(server.folder / "images")
    assert_killed(settings, "backup", "restore", name, at="linkat")
    assert len(truth.files(server.folder / "images")) < len(before)
    flask(settings, "backup", "restore", name)
    truth.assert_exact(url, server.folder / "images", before)


def test_a_restore_to_a_disk_without_room_leaves_nothing(server, url, settings, small_disk):
    upload(server, LARGE)
    before = truth.rows(url)
    name = flask(settings, "backup", "create")["name"]
    drop_tables(url)
    small_disk.fill(leave=300_000)
    elsewhere = {**settings, "IMAGES_DIR": small_disk.mount}
    ended = run(elsewhere, "backup", "restore", name, inside=small_disk.enter)
    assert ended.returncode == 1, ended.stdout
    assert "no storage space left" in ended.stderr
    assert truth.files(small_disk.path) == {}
    flask(settings, "backup", "restore", name)
    truth.assert_exact(url, server.folder / "images", before)


@contextmanager
def schedule(settings, folder: Path) -> Iterator[tuple[Forked, str]]:
    """Run the schedule with a backup that is due now. Yield its process and its address."""
    port, output = free_port(), folder.with_suffix(".output")
    words = ("backup", "schedule", "--at", "00:00", "--port", str(port))
    with start({**settings, "BACKUP_DIR": folder}, *words, output=output) as process:
        wait_until(output.read_text, "it prints nothing")
        yield process, f"http://127.0.0.1:{port}"
        process.terminate()
        process.wait(20)
    output.unlink()


def test_a_stopped_backup_removes_its_files(server, settings):
    folder = server.folder / "stopped"
    upload(server, LARGE)
    with schedule(settings, folder) as (process, _):
        wait_until(lambda: list(folder.glob(".draft*")), "no backup begins")
        process.terminate()
        assert process.wait(20) == 128 + signal.SIGTERM
    assert not [path.name for path in folder.glob("*") if path.name.startswith((".draft", "backup_"))]


def test_the_schedule_reports_the_result_of_the_night(server, settings):
    folder = server.folder / "nightly"
    state = folder / "schedule.json"
    with schedule(settings, folder) as (_, url):
        wait_until(state.exists, "no night has passed", 30)
        answer = requests.get(f"{url}/readyz", timeout=10)
        assert (answer.status_code, answer.json()["backup"]) == (200, "ok")
        assert requests.get(f"{url}/healthz", timeout=10).status_code == 200
        assert requests.get(f"{url}/x", timeout=10).json()["code"] == "not_found"
    assert len(list(folder.glob("backup_*"))) == 1
    state.write_text('{"ended_at": "2999-01-01T00:00:00Z", "backup": null, "problem": "no luck"}')
    with schedule(settings, folder) as (_, url):
        answer = requests.get(f"{url}/readyz", timeout=10)
        assert (answer.status_code, answer.json()["message"]) == (503, "no luck")


def test_several_migrate_at_once(postgres, tmp_path):
    """This happens if all containers of a new host start at the same time."""
    url = postgres.create("migrated_at_once")
    settings = {"INSTANCE_DIR": tmp_path, "DATABASE_URL": url}
    outputs = [tmp_path / f"output{number}" for number in range(4)]
    with ExitStack() as running:
        processes = [
            running.enter_context(start(settings, "db", "upgrade", output=output)) for output in outputs
        ]
        for process, output in zip(processes, outputs, strict=True):
            assert process.wait(60) == 0, output.read_text()
    assert truth.rows(url) == {}
    postgres.drop("migrated_at_once")
