"""What is deleted while somebody holds the storage stays readable until the end, and no longer."""

import threading

import pytest

from imagehost.errors import NotFound, Unavailable
from imagehost.failures import Busy
from imagehost.storage import maintenance
from imagehost.storage.disk import DiskStorage

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
    return {str(path.relative_to(storage.folder)) for path in storage.folder.rglob(".deleted*")}


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


def test_what_a_killed_holder_left_goes_with_the_next(storage):
    left = storage.folder / ".deleted" / NAME
    left.parent.mkdir()
    left.touch()
    with storage.maintaining():
        pass
    assert hidden(storage) == set()


def test_nothing_is_left_however_deletions_and_holders_meet(storage):
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


def test_one_holds_it_at_a_time(storage, monkeypatch):
    monkeypatch.setattr(maintenance, "SECONDS_TO_WAIT", 0.1)
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
