"""The inventory of the files in the storage."""

import os
import time
from collections import defaultdict

import pytest

from imagehost.domain.rendition_sizes import RENDITION_FOLDER
from imagehost.storage.disk import DiskStorage
from imagehost.storage.inventory import StoredItem, StoredPlace

NAME = "abcdefghijklmnop.jpg"
RENDITIONS = f".renditions/{RENDITION_FOLDER}"


@pytest.fixture
def storage(tmp_path):
    storage = DiskStorage(tmp_path / "images", max_size=100)
    storage.initialise()
    return storage


def put(storage: DiskStorage, path: str, content: bytes = b"123") -> None:
    target = storage.folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


def listed(storage: DiskStorage) -> dict[StoredPlace, set[str]]:
    found = defaultdict(set)
    for items in storage.inventory():
        for item in items:
            found[item.place].add(item.path)
    return dict(found)


def test_a_new_storage_is_empty(storage):
    assert listed(storage) == {}


def test_every_file_is_listed_by_place_and_name(storage):
    places = {
        StoredPlace.IMAGE: {f"ab/{NAME}", "99/9999999999999999.avif", "aa/a" + "a" * 99 + ".png"},
        StoredPlace.RENDITION: {
            f"{RENDITIONS}/ab/{NAME}.webp",
            f"{RENDITIONS}/ab/{NAME}.1280.webp",
            f"{RENDITIONS}/ab/{NAME}.webp.failed",
        },
        StoredPlace.OUTDATED: {f".renditions/ab/{NAME}.webp", f".renditions/version-1/ab/{NAME}.720.webp"},
        StoredPlace.INCOMING: {".incoming/tmp1", f".incoming/{NAME}.webp.12.34"},
        StoredPlace.DELETED: {f".deleted/{NAME}", f".deleted.old/{NAME}"},
        StoredPlace.FOREIGN: {
            "abc",
            "AB",
            ".hidden",
            f"aa/{NAME}",
            "ab/abc.jpg",
            "ab/abcdefghijklmnop.txt",
            "ab/abcdefghijklmnop.JPG",
            "ab/abcdefghijklmnop.jpg~",
            f".renditions/ab/{NAME}.999.webp",
            f"{RENDITIONS}/ab/{NAME}.999.webp",
            f"{RENDITIONS}/aa/{NAME}.webp",
            f"{RENDITIONS}/stray.webp",
            ".renditions/stray.webp",
            ".renditions/version",
        },
    }
    for paths in places.values():
        for path in paths:
            put(storage, path)
    (storage.folder / "ab" / "aboooooooooooooo.jpg").mkdir()
    places[StoredPlace.FOREIGN].add("ab/aboooooooooooooo.jpg")
    (storage.folder / "lost+found").mkdir()
    places[StoredPlace.FOREIGN].add("lost+found")
    assert listed(storage) == places


def test_an_image_and_its_renditions_come_together(storage):
    put(storage, f"ab/{NAME}")
    put(storage, f"{RENDITIONS}/ab/{NAME}.webp")
    put(storage, f"{RENDITIONS}/ab/{NAME}.720.webp")
    (items,) = filter(None, storage.inventory())
    assert {item.image for item in items} == {NAME}


def test_a_look_returns_size_and_last_change(storage):
    put(storage, f"ab/{NAME}")
    os.utime(storage.folder / "ab" / NAME, (0, 0))
    seen = storage.look_at(NAME)
    assert (seen.size, seen.is_file) == (3, True)
    assert abs(seen.changed - time.time()) < 60


def test_a_look_opens_and_follows_nothing(storage):
    (storage.folder / "ab").mkdir()
    os.mkfifo(storage.folder / "ab" / NAME)
    assert not storage.look_at(NAME).is_file
    (storage.folder / "ab" / NAME).unlink()
    (storage.folder / "ab" / NAME).symlink_to("nowhere")
    assert not storage.look_at(NAME).is_file


def test_a_missing_file_is_none(storage):
    assert storage.look_at(NAME) is None
    put(storage, "ab")
    assert storage.look_at(NAME) is None


def test_a_removed_file_no_longer_exists(storage):
    put(storage, f"ab/{NAME}")
    item = StoredItem(StoredPlace.IMAGE, f"ab/{NAME}", NAME)
    storage.remove(item)
    storage.remove(item)
    assert storage.look(item) is None


def test_the_last_outdated_rendition_takes_its_folders_along(storage):
    paths = [
        f".renditions/ab/{NAME}.webp",
        *(f".renditions/version-1/ab/{NAME}{end}" for end in (".webp", ".720.webp")),
    ]
    for path in paths:
        put(storage, path)
    for path in paths:
        assert (storage.folder / path).parent.is_dir()
        storage.remove(StoredItem(StoredPlace.OUTDATED, path))
    assert not list((storage.folder / ".renditions").iterdir())
