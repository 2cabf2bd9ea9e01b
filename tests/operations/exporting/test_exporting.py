"""Every image is exported under its original name, bit for bit, or is reported."""

import hashlib
import os
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from imagehost.db.models import Image
from imagehost.domain.errors import Unavailable
from imagehost.domain.failures import Failure
from imagehost.domain.policy import ANYBODY
from imagehost.operations import exporting, importing
from imagehost.operations.exporting import journal, one_image
from imagehost.services import images
from imagehost.storage import Storage
from imagehost.web.messages import sentence_in_english
from tests.applications import host_of
from tests.conftest import ON_BOTH_DATABASES, ON_SQLITE, uploaded
from tests.operations.exporting.conftest import FILES, NAMES, files, table
from tests.rows import execute, scalars
from tests.system import truth

pytestmark = ON_BOTH_DATABASES


def image_files(app) -> list[Path]:
    return sorted(host_of(app).settings.images_dir.glob("[a-z0-9][a-z0-9]/*"))


def test_all_images_are_exported_under_their_original_names(app, export, hosted, target, database_url):
    outcome = export()
    assert (outcome.exported, outcome.problems) == (6, {})
    assert files(target) == FILES
    lines = table(target)
    assert [line["original_name"] for line in lines] == NAMES
    for line, image in zip(lines, hosted, strict=True):
        content = (target / line["file"]).read_bytes()
        assert (
            hashlib.sha256(content).hexdigest()
            == line["sha256"]
            == truth.rows(database_url)[line["filename"]]
        )
        assert (line["filename"], int(line["id"])) == (image["filename"], image["id"])
        moment = datetime.fromisoformat(line["upload_time"])
        assert (target / line["file"]).stat().st_mtime == pytest.approx(moment.timestamp(), abs=1e-5)
    assert list(lines[0]) == ["file", *(column.name for column in Image.__table__.columns)]


def test_an_export_can_be_imported_again(host, app, export, hosted, target, make_app, tmp_path, database_url):
    export()
    before = truth.rows(database_url)
    with app.app_context():
        times = scalars(host, sa.select(Image.upload_time).order_by(Image.id))
        for image in hosted:
            images.delete_image(host, ANYBODY, image["id"])
        outcome = importing.import_folder(host, target, keep_times=True)
        assert outcome.refused == []
        assert scalars(host, sa.select(Image.upload_time).order_by(Image.upload_time)) == times
    assert sorted(truth.rows(database_url).values()) == sorted(before.values())
    truth.assert_exact(database_url, host_of(app).settings.images_dir)


def test_lost_and_damaged_images_are_reported_and_the_others_exported(app, export, target, monkeypatch):
    lost, damaged, cut, pipe, unreadable = image_files(app)[:5]
    sound = {path: path.read_bytes() for path in (lost, damaged, cut, pipe)}
    lost.unlink()
    damaged.write_bytes(sound[damaged][:-3] + b"abc")
    os.truncate(cut, 10)
    pipe.unlink()
    os.mkfifo(pipe)
    real = Path.open

    def fail(self: Path, *arguments: object, **options: object) -> object:
        if self == unreadable:
            raise OSError(5, "Input/output error")
        return real(self, *arguments, **options)

    with monkeypatch.context() as broken:
        broken.setattr(Path, "open", fail)
        outcome = export()
    assert outcome.exported == 1
    assert outcome.problems == {
        lost.name: "its file is missing",
        damaged.name: "its file is damaged: the SHA-256 does not match",
        cut.name: "its file is damaged: the SHA-256 does not match",
        pipe.name: "its file is not a regular file",
        unreadable.name: "its file cannot be read ([Errno 5] Input/output error)",
    }
    without = {line["filename"] for line in table(target) if not line["file"]}
    assert without == outcome.problems.keys()
    pipe.unlink()
    for path, content in sound.items():
        path.write_bytes(content)
    assert (export().exported, files(target)) == (6, FILES)


def test_a_continued_export_keeps_the_names(app, export, hosted, target, monkeypatch):
    calls = []

    def interrupt(storage: Storage, row: one_image.ExportedRow, folder: Path, name: str) -> str:
        calls.append(name)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return one_image.copy_image_out(storage, row, folder, name)

    with monkeypatch.context() as broken:
        broken.setattr(exporting, "copy_image_out", interrupt)
        with pytest.raises(Failure, match=r"was interrupted\. To continue, run the same command again"):
            export()
    done = {path.name: path.stat().st_ino for path in target.iterdir() if path.suffix == ".jpg"}
    assert set(done) == {"photo.jpg", "photo (2).jpg", "PHOTO (3).jpg"}
    # The first of the three is deleted meanwhile, and another image is uploaded.
    client = app.test_client()
    client.delete(f"/delete/{hosted[0]['id']}")
    uploaded(client, name="photo.jpg")
    assert export().exported == 6
    assert files(target) == {*FILES - {"photo.jpg"}, "photo (4).jpg"}
    assert (target / "PHOTO (3).jpg").stat().st_ino == done["PHOTO (3).jpg"]
    assert [line["id"] for line in table(target)] == ["2", "3", "4", "5", "6", "7"]


@ON_SQLITE
def test_a_file_that_a_power_failure_emptied_is_copied_again(export, target, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(exporting, "remove_exported", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(Failure):
            export()
    os.truncate(target / "photo.jpg", 0)
    export()
    assert (target / "photo.jpg").stat().st_size > 0


def test_an_image_that_is_deleted_meanwhile_is_no_problem(host, app, export, hosted, target, monkeypatch):
    def delete_first(storage: Storage, row: one_image.ExportedRow, folder: Path, name: str) -> str:
        if row.id == hosted[2]["id"]:
            images.delete_image(host, ANYBODY, row.id)
        return one_image.copy_image_out(storage, row, folder, name)

    monkeypatch.setattr(exporting, "copy_image_out", delete_first)
    outcome = export()
    assert (outcome.exported, outcome.problems) == (5, {})
    assert len(table(target)) == 5


@ON_SQLITE
def test_many_rows_are_read_in_batches(export, target, monkeypatch):
    monkeypatch.setattr(exporting, "EXPORTED_AT_ONCE", 2)
    assert export().exported == 6
    assert files(target) == FILES


@ON_SQLITE
def test_an_empty_host_gives_an_empty_table(app, target):
    host_of(app).storage.initialise()
    with app.app_context():
        assert exporting.export_to(host_of(app), target).exported == 0
    assert table(target) == []


@ON_SQLITE
def test_a_folder_that_holds_something_else_is_refused(export, target):
    target.mkdir()
    (target / "mine.txt").write_text("keep me")
    with pytest.raises(Failure, match="is not empty"):
        export()
    assert files(target) == {"mine.txt"}


@ON_SQLITE
def test_a_finished_export_is_not_overwritten(export, target):
    export()
    with pytest.raises(Failure, match="is not empty"):
        export()


@ON_SQLITE
def test_the_same_export_twice_at_once_is_refused(export, target):
    target.mkdir()
    with journal.open_export_journal(target), pytest.raises(Failure, match="is already running"):
        export()


@ON_SQLITE
@pytest.mark.parametrize("where", ["", "export", ".."])
def test_the_storage_is_not_exported_into(app, hosted, where):
    images_dir = host_of(app).settings.images_dir
    with app.app_context(), pytest.raises(Failure, match="Choose another folder"):
        exporting.export_to(host_of(app), images_dir / where)
    assert not (images_dir / "export").exists()


@ON_SQLITE
def test_a_missing_storage_is_reported_before_any_file_is_written(app, export, target):
    (host_of(app).settings.images_dir / ".imagehost").unlink()
    with pytest.raises(Unavailable) as told:
        export()
    assert "storage does not answer" in sentence_in_english(told.value)
    assert not target.exists()


@ON_SQLITE
def test_a_folder_that_cannot_be_created_is_reported(app, hosted, tmp_path):
    (tmp_path / "file").write_text("")
    with app.app_context(), pytest.raises(Failure, match="cannot be written to: Not a directory"):
        exporting.export_to(host_of(app), tmp_path / "file" / "export")


@ON_SQLITE
def test_a_thousand_images_of_one_name_have_as_many_files(host, app, target, monkeypatch):
    target.mkdir()
    with app.app_context(), journal.open_export_journal(target) as notes:
        names = notes.names(
            [
                execute(
                    host,
                    sa.select(
                        sa.literal(number).label("id"),
                        sa.literal("image.png").label("original_name"),
                        sa.literal("png").label("file_type"),
                    ),
                )[0]
                for number in range(1000)
            ]
        )
    assert names[:3] == ["image.png", "image (2).png", "image (3).png"]
    assert len(set(names)) == 1000


@ON_SQLITE
def test_all_files_are_flushed_before_the_journal_is_removed(export, target, monkeypatch):
    seen = []
    monkeypatch.setattr(os, "sync", lambda: seen.append({path.name for path in target.iterdir()}))
    export()
    (names,) = seen
    assert names == {*FILES, "images.csv", journal.JOURNAL_FILE}
    assert not (target / journal.JOURNAL_FILE).exists()
