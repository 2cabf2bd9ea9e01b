"""Verifying reports wrong files in a backup's folder and wrong manifests as damage, within a short time."""

import json
import os

import pytest

from imagehost.domain.failures import Failure
from imagehost.operations.backups import manifest
from imagehost.operations.backups.catalogue import find_backup
from imagehost.operations.backups.create import create_backup, create_dump
from imagehost.operations.backups.manifest import DUMP_COMMENT, read_manifest
from imagehost.operations.backups.restore import restore_backup
from imagehost.operations.backups.verify import verify_backup
from imagehost.operations.dumps.untrusted_files import read_last_line
from tests.operations.backups import hostile
from tests.operations.backups.hosts import add_images, everything, lose_everything
from tests.operations.backups.test_verify import an_image

THINGS = {"pipe": hostile.as_fifo, "link": hostile.as_link, "device": hostile.as_device}


@pytest.fixture
def backup(host, app):
    with app.app_context():
        add_images(app, 3)
        yield create_backup(host).backup


def problem_of(host, backup) -> str:
    problems = verify_backup(host, backup)
    assert len(problems) == 1, problems
    assert problems[0].isprintable()
    return problems[0]


@pytest.mark.parametrize("make", THINGS.values(), ids=THINGS)
def test_no_pipe_link_or_device_is_read_as_an_image(host, app, backup, make):
    file = an_image(backup)
    path = str(file.relative_to(backup.path))
    hostile.replace_by(file, make)
    assert problem_of(host, backup) == f"{path} cannot be read: not a regular file"
    there = everything(host)
    with pytest.raises(Failure, match="not a regular file"):
        restore_backup(host, backup, replace=True)
    assert everything(host) == there
    # The next backup copies the image instead of sharing the file.
    made = create_backup(host)
    assert (made.manifest.copied, made.manifest.linked) == (1, 2)
    assert verify_backup(host, made.backup) == []


@pytest.mark.parametrize("make", THINGS.values(), ids=THINGS)
@pytest.mark.parametrize("name", ["manifest.json", "SHA256SUMS", "database.sql"])
def test_no_pipe_link_or_device_is_read_as_a_list(host, backup, name, make):
    hostile.replace_by(backup.path / name, make)
    assert name in problem_of(host, backup)


@pytest.mark.parametrize("make", THINGS.values(), ids=THINGS)
def test_no_pipe_link_or_device_is_read_as_a_lone_dump(host, app, make):
    with app.app_context():
        add_images(app, 1)
        backup = create_dump(host).backup
        hostile.replace_by(backup.path, make)
        assert "not a regular file" in problem_of(host, backup)


def test_a_folder_that_is_a_link_is_not_followed(host, backup, tmp_path):
    shelf = an_image(backup).parent
    elsewhere = tmp_path / "elsewhere"
    shelf.rename(elsewhere)
    shelf.symlink_to(elsewhere)
    problems = verify_backup(host, backup)
    assert f"images/{shelf.name} does not belong to the backup" in problems
    assert any("cannot be read: not a regular file" in problem for problem in problems)


def test_unknown_files_are_reported_and_not_read(host, backup):
    deep = backup.path / "images" / "deep"
    deep.mkdir()
    os.mkfifo(backup.path / "pipe\x1b[2J")
    inner = deep
    for _ in range(200):
        inner /= "in"
        inner.mkdir()
    (inner / "file").touch()
    assert sorted(verify_backup(host, backup)) == [
        "images/deep does not belong to the backup",
        "pipe\\x1b[2J does not belong to the backup",
    ]


PATHS = [
    "../../../etc/passwd",
    "/etc/passwd",
    "images/../../x",
    "images/ab/../cd",
    "images/zz/abc.jpg",
    "manifest.json",
    "images",
]


@pytest.mark.parametrize("path", [*PATHS, "images/ab/ab\x1b[2J.jpg", "x" * 5000, ""])
def test_paths_outside_of_the_backup_in_the_checksums_are_refused(host, app, backup, path):
    sums = backup.path / "SHA256SUMS"
    with sums.open("a") as file:
        file.write(f"{'0' * 64}  {path}\n")
    hostile.reseal_manifest(backup, lambda told: told.update(sha256=hostile.hashed(sums)))
    assert problem_of(host, backup) == "SHA256SUMS is damaged: it has an invalid line"


def test_checksums_that_do_not_have_the_dump_are_refused(host, backup):
    sums = backup.path / "SHA256SUMS"
    sums.write_text("".join(sums.read_text().splitlines(keepends=True)[1:]))
    hostile.reseal_manifest(backup, lambda told: told.update(sha256=hostile.hashed(sums)))
    assert problem_of(host, backup) == "SHA256SUMS is damaged: it does not list database.sql"


def test_checksums_that_have_a_file_twice_are_refused(host, backup):
    sums = backup.path / "SHA256SUMS"
    sums.write_text(sums.read_text() + sums.read_text().splitlines(keepends=True)[1])
    hostile.reseal_manifest(backup, lambda told: told.update(sha256=hostile.hashed(sums)))
    assert problem_of(host, backup).startswith("SHA256SUMS is damaged: it lists images/")


MANIFESTS = {
    "nothing": "",
    "a list": "[]",
    "a number": "1",
    "null": "null",
    "deep": "[" * 100_000 + "]" * 100_000,
    "deep objects": '{"a":' * 100_000,
    "a long number": f'{{"format": {"9" * 10_000}}}',
    "not a number": '{"format": NaN}',
    "no utf-8": "\udcff",
}


@pytest.mark.parametrize("text", MANIFESTS.values(), ids=MANIFESTS)
def test_a_manifest_of_another_form_is_named(host, backup, text):
    (backup.path / "manifest.json").write_text(text, errors="surrogateescape")
    assert problem_of(host, backup) == f"{backup.name} is damaged: manifest.json cannot be read."


VALUES = {
    "made_at": ["yesterday", 1, None, "2026-01-01T00:00:00Z\n"],
    "database": ["oracle", ["sqlite"], "sqlite\n"],
    "revision": ["../..", {}, "a" * 1000],
    "counts": [
        [],
        {"images": -1},
        {"images": True},
        {"images": 1e3},
        {"images": 2**64},
        {"\x1b[2J": 1, "images": 3},
        {},
    ],
    "versions": [{"imagehost": 1}, {"imagehost": "\x1b[2J"}, {"imagehost": "x" * 5000}],
    "bytes": [-1, "1", 1.5],
    "copied": [-1, True],
    "missing": ["abc", [1], ["../../etc/passwd"], ["\x1b[2J.jpg"], ["\ud800.jpg"]],
    "damaged": [{"a": 1}, ["/etc/passwd"]],
    "sha256": ["", 0, "Z" * 64],
    "signature": ["", 7, "x"],
    "format": ["2", -1, None],
    "more": [1],
}


@pytest.mark.parametrize("name", VALUES)
def test_a_value_of_another_form_is_named(host, backup, name):
    for value in VALUES[name]:
        hostile.reseal_manifest(backup, lambda told, value=value: told.update({name: value}))
        assert problem_of(host, backup) == f"{backup.name} is damaged: manifest.json cannot be read."


def test_a_manifest_that_is_too_large_is_not_read(host, backup, monkeypatch):
    monkeypatch.setattr(manifest, "LARGEST", 10_000)
    with (backup.path / "manifest.json").open("a") as file:
        file.write(" " * 10_000)
    assert problem_of(host, backup) == f"{backup.name} is damaged: manifest.json cannot be read."


def test_a_huge_manifest_is_read_no_further_than_its_limit(host, backup):
    """The manifest is a sparse file, which takes no space on the disk."""
    os.truncate(backup.path / "manifest.json", 2**40)
    assert "manifest.json cannot be read" in problem_of(host, backup)


def test_a_dump_with_a_filename_outside_of_the_storage_is_refused(host, app):
    with app.app_context():
        (name,) = add_images(app, 1)
        backup = create_dump(host).backup
        facts = read_manifest(backup)
        end, _ = read_last_line(backup.path, DUMP_COMMENT)
        dump = backup.path.read_text()[:end].replace(name, "../../../tmp/x")
        backup.path.write_text(dump)
        told = {**json.loads(facts.as_json()), "sha256": hostile.hashed(backup.path)}
        backup.path.write_text(f"{dump}\n-- imagehost {json.dumps(told)}\n")
        assert (
            problem_of(host, backup)
            == f"{backup.name} has an image with the invalid filename '../../../tmp/x'"
        )


def test_a_dump_of_tables_of_another_revision_is_named(host, backup):
    dump = backup.dump.read_text()
    backup.dump.write_text(dump.replace("VALUES('0002')", "VALUES('head')"))
    hostile.reseal(backup)
    assert "has tables of another revision" in problem_of(host, backup)


def test_a_hard_link_out_of_the_backup_is_only_hashed(host, app, backup, tmp_path):
    secret = host.settings.backup_dir / "secret"
    secret.write_text("secret")
    file = an_image(backup)
    file.unlink()
    file.hardlink_to(secret)
    assert problem_of(host, backup).endswith("is damaged: its checksum does not match")
    assert secret.read_text() == "secret"


def test_a_genuine_backup_that_is_reached_by_a_link_is_still_one(host, app, backup, tmp_path):
    """An administrator may keep the folder on another disk."""
    there = everything(host)
    elsewhere = tmp_path / "disk"
    backup.path.rename(elsewhere)
    backup.path.symlink_to(elsewhere)
    assert verify_backup(host, find_backup(host, backup.name)) == []
    lose_everything(host)
    restore_backup(host, find_backup(host, backup.name))
    assert everything(host) == there
