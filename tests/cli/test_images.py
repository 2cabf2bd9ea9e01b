"""The output and the exit status of ``flask images``."""

import json
import shutil

import pytest

from tests import pictures
from tests.applications import host_of


@pytest.fixture
def flask(runner):
    return lambda *words: runner.invoke(args=["images", *map(str, words)])


@pytest.fixture
def gallery(tmp_path):
    folder = tmp_path / "gallery"
    folder.mkdir()
    for name in "ab":
        (folder / f"{name}.jpg").write_bytes(pictures.jpg(9, ord(name) % 20))
    (folder / "notes.txt").write_text("hello")
    return folder


def test_an_import_prints_a_summary(flask, gallery):
    ended = flask("import", gallery)
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert ended.stdout == "2 imported\n1 skipped\n  1 not a picture\n"
    assert flask("import", gallery).stdout == "2 imported before\n1 skipped\n  1 not a picture\n"


def test_an_import_that_refused_something_ends_with_1(flask, gallery):
    (gallery / "x\n\x1b.jpg").write_text("hello")
    ended = flask("import", gallery)
    assert ended.exit_code == 1
    assert ended.stdout.startswith(
        f"{gallery}/x\\n\\x1b.jpg: x.jpg is not a JPG, PNG or GIF image.\n2 imported\n"
    )
    answer = json.loads(flask("import", gallery, "--json").stdout)
    assert answer == {
        "status": "error",
        "folder": str(gallery),
        "imported": 0,
        "already": 2,
        "deleted": 0,
        "passed": 1,
        "refused": 1,
        "reasons": {"not a picture": 1, "unsupported_type": 1},
        "files": [
            {
                "path": f"{gallery}/x\n\x1b.jpg",
                "code": "unsupported_type",
                "message": "x.jpg is not a JPG, PNG or GIF image.",
            }
        ],
    }


def test_an_import_prints_which_files_were_deleted_since(flask, gallery, client):
    flask("import", gallery)
    client.delete("/delete/1")
    ended = flask("import", gallery)
    assert ended.exit_code == 0
    assert (
        "1 imported before and deleted since: not imported again (to import them, add --again)\n"
        in ended.stdout
    )
    assert "1 imported\n1 imported before\n" in flask("import", gallery, "--again").stdout


@pytest.mark.parametrize("name", ["disk", "disk/backups", "disk/backups/backup_2026-11-25_030000/images"])
def test_an_import_of_backups_is_refused(make_app, gallery, tmp_path, name):
    shutil.copytree(gallery, tmp_path / "disk" / "backups" / "backup_2026-11-25_030000" / "images")
    runner = make_app(BACKUP_DIR=tmp_path / "disk" / "backups").test_cli_runner()
    ended = runner.invoke(args=["images", "import", str(tmp_path / name)])
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"imagehost: {tmp_path / name} contains backups of this host")
    assert ended.stderr.count("\n") == 1


def test_a_folder_beside_backups_can_be_imported(flask, gallery, tmp_path):
    shutil.copytree(gallery, tmp_path / "backups" / "rescued")
    assert flask("import", tmp_path / "backups" / "rescued").stdout.startswith("2 imported\n")


def test_an_import_of_an_empty_folder_says_so(flask, tmp_path):
    (tmp_path / "empty").mkdir()
    assert flask("import", tmp_path / "empty").stdout == "There are no files to import in this folder.\n"


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_an_import_of_no_folder_is_refused(flask, tmp_path, name):
    (tmp_path / "file").write_text("")
    assert flask("import", tmp_path / name).exit_code == 2


def test_an_export_prints_a_summary(flask, gallery, tmp_path):
    flask("import", gallery)
    ended = flask("export", tmp_path / "out")
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert ended.stdout == f"2 images are in {tmp_path}/out.\n"
    ended = flask("export", tmp_path / "out")
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert ended.stderr == f"imagehost: {tmp_path}/out is not empty. Choose a new or empty folder.\n"
    answer = json.loads(flask("export", tmp_path / "other", "--json").stdout)
    assert answer == {"status": "success", "folder": f"{tmp_path}/other", "exported": 2, "problems": {}}


def test_an_incomplete_export_ends_with_1(app, flask, gallery, tmp_path):
    flask("import", gallery)
    lost = next(host_of(app).settings.images_dir.glob("[a-z0-9][a-z0-9]/*"))
    content = lost.read_bytes()
    lost.unlink()
    ended = flask("export", tmp_path / "out")
    assert ended.exit_code == 1
    assert ended.stdout == (
        f"{lost.name}: its file is missing\n1 images are in {tmp_path}/out.\n"
        "1 images were not exported. Repair their files, then run the same command again.\n"
    )
    lost.write_bytes(content)
    assert flask("export", tmp_path / "out").exit_code == 0
