"""The storage in a folder of a disk."""

import errno
import os
import re
import threading
from pathlib import Path

import pytest

from imagehost.domain import rendition_sizes
from imagehost.domain.errors import NotFound, StorageFull, Unavailable
from imagehost.settings.reader import ROOT
from imagehost.storage.disk import DiskStorage

NAME = "abcdefgh12345678.png"
ERRORS = pytest.mark.parametrize(
    ("number", "error"),
    [
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.EIO, Unavailable),
        (errno.EROFS, Unavailable),
    ],
    ids=["ENOSPC", "EDQUOT", "EIO", "EROFS"],
)


@pytest.fixture
def storage(tmp_path):
    made = DiskStorage(tmp_path / "images", max_size=1000)
    made.initialise()
    return made


def publish(storage, content=b"abc", name=NAME):
    with storage.receive() as incoming:
        incoming.write(content)
        incoming.flush_to_disk()
        storage.publish(incoming, name)


def read(file):
    with file:
        return file.read()


def names(storage):
    return sorted(
        str(path.relative_to(storage.folder))
        for path in storage.folder.rglob("*")
        if path.is_file() and path.name != "maintenance"
    )


def failing(number):
    def fail(*_, **__):
        raise OSError(number, os.strerror(number))

    return fail


def test_it_is_ready_once_the_marker_is_there(tmp_path):
    storage = DiskStorage(tmp_path / "deep" / "images", max_size=1000)
    assert not storage.is_ready()
    storage.initialise()
    storage.initialise()
    assert storage.is_ready()
    assert names(storage) == [".imagehost"]


@ERRORS
def test_a_storage_that_cannot_be_set_up_is_reported_and_not_ready(tmp_path, monkeypatch, number, error):
    storage = DiskStorage(tmp_path / "images", max_size=1000)
    monkeypatch.setattr(os, "mkdir", failing(number))
    with pytest.raises(error):
        storage.initialise()
    monkeypatch.undo()
    assert not storage.is_ready()


def test_a_published_image_is_in_the_folder_of_its_first_two_letters(storage):
    publish(storage)
    assert names(storage) == [".imagehost", f"ab/{NAME}"]
    assert storage.exists(NAME)
    assert read(storage.open(NAME)) == b"abc"


def test_publishing_a_name_twice_keeps_the_first(storage):
    publish(storage)
    with pytest.raises(FileExistsError):
        publish(storage, b"other")
    assert read(storage.open(NAME)) == b"abc"
    assert names(storage) == [".imagehost", f"ab/{NAME}"]


def test_one_of_two_simultaneous_files_with_one_name_is_published(storage):
    barrier = threading.Barrier(8)
    outcomes = []

    def race(number):
        barrier.wait(10)
        try:
            publish(storage, bytes([number]))
            outcomes.append(number)
        except FileExistsError:
            outcomes.append(None)

    threads = [threading.Thread(target=race, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    (winner,) = [number for number in outcomes if number is not None]
    assert read(storage.open(NAME)) == bytes([winner])


@ERRORS
@pytest.mark.parametrize("step", ["mkdir", "link", "fsync"])
def test_a_failure_to_publish_is_reported(storage, monkeypatch, step, number, error):
    with storage.receive() as incoming:
        incoming.write(b"abc")
        incoming.flush_to_disk()
        monkeypatch.setattr(os, step, failing(number))
        with pytest.raises(error):
            storage.publish(incoming, NAME)


def test_the_folder_and_its_own_folder_are_flushed_by_every_process_that_publishes(storage, monkeypatch):
    flushed = []
    fsync = os.fsync

    def watch(descriptor):
        flushed.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        fsync(descriptor)

    # Another process made the folder, and has not flushed it yet.
    (storage.folder / "ab").mkdir()
    with storage.receive() as incoming:
        incoming.flush_to_disk()
        monkeypatch.setattr(os, "fsync", watch)
        storage.publish(incoming, NAME)
    assert flushed == [storage.folder, storage.folder / "ab"]
    flushed.clear()
    publish(storage, name="ab" + NAME[2:].upper())
    assert flushed[-1] == storage.folder / "ab"
    assert storage.folder not in flushed


def test_deleting_twice_is_no_error_and_takes_every_rendition_along(storage):
    publish(storage)
    beside = rendition_sizes.rendition_names(NAME)
    for name in beside:
        storage.publish_rendition(name, b"small")
    first = storage.folder / ".renditions" / NAME[:2] / f"{NAME}.720.webp"
    first.parent.mkdir()
    first.write_bytes(b"of a release before renditions had versions")
    assert len(names(storage)) == 3 + len(beside)
    storage.delete(NAME)
    storage.delete(NAME)
    assert names(storage) == [".imagehost"]
    assert not storage.exists(NAME)


def test_a_missing_file_is_not_found(storage):
    with pytest.raises(NotFound):
        storage.open(NAME)
    with pytest.raises(NotFound):
        storage.open_rendition(f"{NAME}.webp")


def test_no_two_renditions_of_an_image_have_one_name():
    assert len({rendition.of(NAME) for rendition in rendition_sizes.ALL}) == len(rendition_sizes.ALL)
    # Renditions of an earlier release are found.
    assert rendition_sizes.THUMBNAIL.of(NAME) == f"{NAME}.webp"


def test_a_rendition_is_replaced_as_a_whole(storage):
    storage.publish_rendition("abc.webp", b"old")
    with storage.open_rendition("abc.webp") as reading:
        storage.publish_rendition("abc.webp", b"new and longer")
        assert reading.read() == b"old"
    assert read(storage.open_rendition("abc.webp")) == b"new and longer"
    assert names(storage) == [".imagehost", f".renditions/{rendition_sizes.RENDITION_FOLDER}/ab/abc.webp"]
    storage.delete_rendition("abc.webp")
    storage.delete_rendition("abc.webp")
    assert names(storage) == [".imagehost"]


@ERRORS
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_rendition_that_cannot_be_written_leaves_the_old_one(storage, monkeypatch, step, number, error):
    storage.publish_rendition("abc.webp", b"old")
    with monkeypatch.context() as broken:
        broken.setattr(os if step == "fsync" else Path, step, failing(number))
        with pytest.raises(error):
            storage.publish_rendition("abc.webp", b"new")
    assert read(storage.open_rendition("abc.webp")) == b"old"
    assert names(storage) == [".imagehost", f".renditions/{rendition_sizes.RENDITION_FOLDER}/ab/abc.webp"]


@ERRORS
@pytest.mark.parametrize("method", ["open", "delete", "open_rendition", "delete_rendition"])
def test_an_error_of_the_disk_is_reported(storage, monkeypatch, method, number, error):
    publish(storage)
    storage.publish_rendition(NAME, b"small")
    with monkeypatch.context() as broken:
        broken.setattr(Path, "open" if "open" in method else "unlink", failing(number))
        with pytest.raises(error):
            getattr(storage, method)(NAME)


def test_nginx_looks_for_renditions_where_they_are(storage):
    template = (ROOT / "nginx" / "templates" / "pages.conf.template").read_text()
    aliases = re.findall(r'alias "\$\{IMAGES_DIR\}\$elsewhere(.*/\.renditions/.*)";', template)
    shard, rest = NAME[:2], NAME[2:]
    for rendition, alias in zip(
        (rendition_sizes.THUMBNAIL, rendition_sizes.PREVIEWS[720]), aliases, strict=True
    ):
        path = alias.replace("$shard", shard).replace("$rest", rest).replace("$side", "720")
        assert storage.rendition_path(rendition.of(NAME)) == Path(f"{storage.folder}{path}")


def test_a_missing_volume_is_not_taken_for_a_missing_file(storage):
    (storage.folder / ".imagehost").unlink()
    for open_it in (storage.open, storage.open_rendition):
        with pytest.raises(Unavailable, match="storage"):
            open_it("a" * 16 + ".jpg")
