"""The output and the exit status of ``flask cleanup``."""

import json

import pytest

from tests.operations.cleanup.litter import flip, host_of_three, image_files, litter, put


@pytest.fixture
def folder(app, monkeypatch):
    """Return the storage of a host with three images and some unneeded files."""
    images_dir = host_of_three(app)
    litter(images_dir)
    return images_dir


@pytest.fixture
def flask(runner, folder):
    return lambda *words: runner.invoke(args=["cleanup", *words])


def test_it_prints_a_table(flask):
    ended = flask("--grace", "0")
    assert ended.exit_code == 0
    lines = ended.stdout.splitlines()
    assert lines[0].split() == ["found", "size", "removed", "failed"]
    assert [" ".join(line.split()) for line in lines[1:8]] == [
        "files without a row 1 5 Bytes 1",
        "rows without a file 0",
        "unused renditions 2 4 Bytes 2",
        "leftovers of uploads 1 2 Bytes 1",
        "leftovers of deletions 1 4 Bytes 1",
        "unknown files 4",
        "Freed 15 Bytes.",
    ]
    assert lines[8] == "unknown files:"
    assert "  README.txt" in lines


def test_a_dry_run_prints_what_would_be_removed(flask, folder):
    ended = flask("--grace", "0", "--dry-run")
    assert ended.exit_code == 0
    assert "to remove" in ended.stdout
    assert "Would free 15 Bytes." in ended.stdout
    assert "Freed 15 Bytes." in flask("--grace", "0").stdout


def test_the_json_has_all_counts(flask):
    answer = json.loads(flask("--grace", "0", "--json").stdout)
    assert (answer["status"], answer["dry_run"], answer["freed"]) == ("success", False, 15)
    orphans = {"found": 1, "bytes": 5, "removed": 1, "failed": 0, "names": ["or/orphan0000000000.jpg"]}
    assert answer["found"]["files_without_a_row"] == orphans
    assert "damaged_files" not in answer["found"]


def test_young_files_are_kept_by_default(flask):
    answer = json.loads(flask("--json").stdout)
    assert answer["found"]["files_without_a_row"]["found"] == 0


def test_a_lost_file_ends_it_with_1(flask, folder):
    lost = image_files(folder)[-1]
    lost.unlink()
    ended = flask()
    assert ended.exit_code == 1
    assert f"rows without a file:\n  {lost.name}\n" in ended.stdout
    assert json.loads(flask("--json").stdout)["status"] == "error"
    assert flask("--drop-missing", "--dry-run").exit_code == 0
    assert flask("--drop-missing").exit_code == 0
    assert flask().exit_code == 0


def test_a_damaged_file_ends_it_with_1_in_its_slice(flask, folder):
    for path in image_files(folder):
        flip(path)
    ended = flask("--checksums")
    assert ended.exit_code == 1
    assert "damaged files                    3" in ended.stdout
    assert ": its SHA-256 does not match" in ended.stdout
    assert "damaged files                    1" in flask("--checksums", "--slice", "2/3").stdout
    assert flask("--checksums", "--slice", "7/9").exit_code == 0


def test_many_names_are_cut_and_no_name_controls_the_terminal(flask, folder):
    for number in range(30):
        put(folder, f"\x1b[31m{number}\n\udcff")
    ended = flask()
    assert "\x1b" not in ended.stdout
    assert "  \\x1b[31m0\\n\\udcff\n" in ended.stdout
    assert "  and 14 more: see app.log" in ended.stdout


@pytest.mark.parametrize("share", ["0/7", "8/7", "1/0", "x", "1", "-1/7", "1/7/7", ""])
def test_an_invalid_slice_is_refused(flask, share):
    ended = flask("--checksums", "--slice", share)
    assert ended.exit_code == 2
    assert "must have the form N/M with N from 1 to M, for example 3/7." in ended.stderr


def test_a_slice_of_nothing_is_refused(flask):
    ended = flask("--slice", "1/7")
    assert ended.exit_code == 2
    assert "--slice needs --checksums" in ended.stderr


def test_a_refusal_is_one_line(flask, folder):
    (folder / ".imagehost").unlink()
    ended = flask()
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"imagehost: {folder} has no marker file")
    assert json.loads(flask("--json").stdout)["status"] == "error"
