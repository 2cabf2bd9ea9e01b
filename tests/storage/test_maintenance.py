"""Files that are deleted while the storage is held can be read until it is released, and not longer."""

import itertools
import os
import shutil
import threading
from pathlib import Path

import pytest

from imagehost.domain.errors import NotFound, StorageFull, Unavailable
from imagehost.domain.failures import Busy
from imagehost.storage import maintenance
from imagehost.storage.disk import DiskStorage
from tests.storage.small_disk import SmallDisk

NAME = "abcdefghijklmnop.png"


@pytest.fixture
def storage(tmp_path):
    made = DiskStorage(tmp_path, 1000)
    made.initialise()
    return made


def publish(storage, name=NAME):
    with storage.receive() as incoming:
        incoming.write(b"bytes")
        storage.publish(incoming, name)


def read(storage, name=NAME):
    with storage.open_retained(name) as file:
        return file.read()


def hidden(storage):
    return {str(path.relative_to(storage.folder)) for path in storage.folder.glob(".deleted*/*")}


def test_a_deletion_is_seen_at_once_and_its_bytes_stay_for_the_holder(storage):
    publish(storage)
    with storage.maintaining():
        storage.delete(NAME)
        assert not storage.exists(NAME)
        with pytest.raises(NotFound):
            storage.open(NAME)
        assert read(storage) == b"bytes"
    with pytest.raises(NotFound):
        read(storage)
    assert hidden(storage) == set()


def test_a_deletion_before_or_after_leaves_nothing(storage):
    for name in (NAME, "b" + NAME):
        publish(storage, name)
    storage.delete(NAME)
    with storage.maintaining():
        pass
    storage.delete("b" + NAME)
    assert hidden(storage) == set()


def test_the_next_holder_removes_the_files_of_a_killed_one(storage):
    left = storage.folder / ".deleted" / NAME
    left.parent.mkdir()
    left.touch()
    with storage.maintaining():
        pass
    assert hidden(storage) == set()


def test_no_file_is_left_in_any_order_of_deletion_and_release(storage):
    names = [f"{number:016}.png" for number in range(3000)]
    for name in names:
        publish(storage, name)

    def delete(mine):
        for name in mine:
            storage.delete(name)

    threads = [threading.Thread(target=delete, args=(names[first::3],)) for first in range(3)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        with storage.maintaining():
            pass
    for thread in threads:
        thread.join()
    assert hidden(storage) == set()
    assert not [name for name in names if storage.exists(name)]


def test_only_one_process_holds_the_storage_at_a_time(storage, monkeypatch):
    monkeypatch.setattr(maintenance, "SECONDS_TO_WAIT_FOR_LOCK", 0.1)
    with storage.maintaining(), pytest.raises(Busy), DiskStorage(storage.folder, 1000).maintaining():
        pass
    with storage.maintaining():
        pass


def test_a_storage_that_is_not_there_is_not_held(tmp_path):
    with pytest.raises(Unavailable), DiskStorage(tmp_path / "none", 1000).maintaining():
        pass


def test_one_that_vanishes_meanwhile_is_let_go(storage):
    with storage.maintaining():
        storage.folder.rename(storage.folder.with_name("gone"))
    storage.folder.with_name("gone").rename(storage.folder)
    with storage.maintaining():
        pass
    assert hidden(storage) == set()


@pytest.fixture
def disk(tmp_path):
    with SmallDisk(tmp_path / "disk", "size=2m,nr_inodes=40") as small:
        yield small


def take_all_inodes(disk):
    for number in itertools.count():
        try:
            (disk.path / f"ballast{number}").touch()
        except OSError:
            return


def test_on_a_full_disk_deleted_files_are_retained_too(disk):
    storage = DiskStorage(disk.path / "images", 1000)
    storage.initialise()
    for name in (NAME, "b" + NAME):
        publish(storage, name)
    take_all_inodes(disk)
    for name in (NAME, "b" + NAME):
        with storage.maintaining():
            storage.delete(name)
            assert read(storage, name) == b"bytes"
        with pytest.raises(NotFound):
            read(storage, name)
    assert hidden(storage) == set()


def test_a_full_disk_without_a_folder_for_it_is_held_only_for_clean_up(disk):
    storage = DiskStorage(disk.path / "images", 1000)
    storage.initialise()
    publish(storage)
    (storage.folder / ".deleted.old").rmdir()
    take_all_inodes(disk)
    with pytest.raises(StorageFull), storage.maintaining():
        pass
    with storage.maintaining(retaining=False):
        storage.delete(NAME)
        with pytest.raises(NotFound):
            read(storage)
    assert hidden(storage) == set()


def test_a_disk_that_can_only_be_read_is_looked_at_and_not_held_for_a_backup(disk):
    storage = DiskStorage(disk.path / "images", 1000)
    storage.initialise()
    disk.remount("bind,ro")
    with storage.inspecting():
        pass
    with pytest.raises(Unavailable), storage.maintaining():
        pass


def test_a_storage_of_an_older_version_is_held(storage):
    (storage.folder / ".deleted.old").rmdir()
    (storage.folder / ".locks" / "maintenance").unlink()
    publish(storage)
    with storage.inspecting():
        pass
    with storage.maintaining():
        storage.delete(NAME)
        assert read(storage) == b"bytes"
    assert hidden(storage) == set()


def test_a_deletion_that_comes_into_the_folder_after_it_was_emptied_leaves_nothing(storage, monkeypatch):
    publish(storage)
    real = Path.replace

    def late(path, target):
        """The folder is found before the storage is released, and the file is moved after that."""
        holder.__exit__(None, None, None)
        return real(path, storage.folder / ".deleted.old" / target.name)

    holder = storage.maintaining()
    holder.__enter__()
    monkeypatch.setattr(Path, "replace", late)
    storage.delete(NAME)
    assert hidden(storage) == set()
    assert not storage.exists(NAME)


def test_a_lock_that_cannot_be_opened_leaves_no_bytes(storage):
    publish(storage)
    lock = storage.folder / ".locks" / "maintenance"
    lock.unlink()
    # A file that nobody can open, not even root.
    lock.mkdir()
    storage.delete(NAME)
    assert not storage.exists(NAME)
    with pytest.raises(Unavailable), storage.maintaining():
        pass


def test_files_that_root_creates_belong_to_the_owner_of_the_folder(tmp_path):
    """Only root can create files for another user."""
    owner = 12345 if os.geteuid() == 0 else os.geteuid()
    (tmp_path / "host").mkdir(mode=0o755)
    os.chown(tmp_path / "host", owner, -1)
    storage = DiskStorage(tmp_path / "host" / "images", 1000)
    before = os.umask(0o077)
    try:
        storage.initialise()
        with storage.receive() as incoming:
            incoming.write(b"bytes")
            incoming.flush_to_disk()
            storage.publish(incoming, NAME)
        storage.publish_rendition(f"{NAME}.webp", b"bytes")
        with storage.maintaining():
            pass
        shutil.rmtree(storage.folder / ".deleted.old")
        with storage.maintaining():
            pass
    finally:
        os.umask(before)
    made = [storage.folder, *storage.folder.rglob("*")]
    assert len(made) == 12
    assert {path.stat().st_uid for path in made} == {owner}
    if os.geteuid() == 0:
        modes = {path: path.stat().st_mode & 0o777 for path in made}
        assert {mode for path, mode in modes.items() if path.is_dir()} == {0o750}
        assert {mode for path, mode in modes.items() if path.is_file()} == {0o640}
