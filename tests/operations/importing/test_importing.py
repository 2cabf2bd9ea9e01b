"""Which files are imported, and which are not."""

import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from imagehost.cli.images import sentence_of
from imagehost.db.models import Image
from imagehost.domain.failures import Failure
from imagehost.host import Host
from imagehost.operations import importing
from tests import pictures
from tests.applications import host_of
from tests.conftest import ON_BOTH_DATABASES, ON_SQLITE
from tests.operations.importing.conftest import counts
from tests.rows import assert_counts_are_right, execute
from tests.system import truth

pytestmark = ON_BOTH_DATABASES


def stored(host, app) -> list[sa.Row[str, datetime]]:
    with app.app_context():
        query = sa.select(Image.original_name, Image.upload_time).order_by(Image.upload_time, Image.id)
        return execute(host, query)


def test_a_folder_and_its_subfolders_are_imported(host, app, bring, folder, database_url):
    assert counts(bring()) == {"imported": 4}
    assert sorted(row.original_name for row in stored(host, app)) == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    contents = {truth.hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*.jpg")}
    assert set(truth.rows(database_url).values()) == contents
    truth.assert_exact(database_url, host_of(app).settings.images_dir)


def test_a_second_time_imports_nothing(bring, database_url):
    bring()
    rows = truth.rows(database_url)
    assert counts(bring()) == {"already": 4}
    assert truth.rows(database_url) == rows


def test_new_files_are_imported_the_second_time(bring, folder, database_url):
    bring()
    (folder / "new.png").write_bytes(pictures.png())
    assert counts(bring()) == {"imported": 1, "already": 4}
    assert len(truth.rows(database_url)) == 5


@ON_SQLITE
def test_two_files_with_the_same_bytes_are_two_images(bring, folder, database_url):
    (folder / "copy.jpg").write_bytes((folder / "a.jpg").read_bytes())
    (folder / "summer" / "a.jpg").write_bytes((folder / "a.jpg").read_bytes())
    assert counts(bring()) == {"imported": 6}
    assert counts(bring()) == {"already": 6}
    assert len(truth.rows(database_url)) == 6


@ON_SQLITE
def test_a_file_that_was_changed_is_another_picture(bring, folder, database_url):
    bring()
    (folder / "a.jpg").write_bytes(pictures.jpg(99, 9))
    assert counts(bring()) == {"imported": 1, "already": 3}
    assert counts(bring()) == {"already": 4}
    assert len(truth.rows(database_url)) == 5


@ON_SQLITE
def test_a_file_that_was_only_touched_is_the_same_picture(bring, folder, database_url):
    bring()
    os.utime(folder / "a.jpg", (0, 0))
    assert counts(bring()) == {"already": 4}
    assert counts(bring()) == {"already": 4}
    assert len(truth.rows(database_url)) == 4


def test_images_that_were_deleted_since_are_imported_only_with_the_option(app, bring, database_url):
    bring()
    assert app.test_client().delete("/delete/1").status_code == 200
    assert counts(bring()) == {"already": 3, "deleted": 1}
    assert len(truth.rows(database_url)) == 3
    assert counts(bring(again=True)) == {"imported": 1, "already": 3}
    assert counts(bring()) == {"already": 4}
    assert len(truth.rows(database_url)) == 4


def test_uploads_are_dated_to_now(host, app, bring, folder):
    os.utime(folder / "a.jpg", (0, 0))
    begin = datetime.now(UTC)
    bring()
    assert all(begin <= row.upload_time <= datetime.now(UTC) for row in stored(host, app))


def test_uploads_may_be_dated_to_the_change_of_the_file(host, app, bring, folder):
    moment = datetime(2009, 8, 7, 6, 5, 4, 321000, tzinfo=UTC)
    times = {"a.jpg": moment, "b.jpg": moment - timedelta(days=400), "summer/c.jpg": moment + timedelta(1)}
    for path, time in times.items():
        os.utime(folder / path, ns=(0, round(time.timestamp() * 1000) * 1000000))
    # Times in the future, and before 1970.
    os.utime(folder / "summer" / "sea" / "d.jpg", (0, 2**34 - 1))
    (folder / "z.jpg").write_bytes(pictures.jpg(9, 9))
    os.utime(folder / "z.jpg", (0, -5))
    assert counts(bring(keep_times=True)) == {"imported": 5}
    rows = stored(host, app)
    assert [row.original_name for row in rows] == ["z.jpg", "b.jpg", "a.jpg", "c.jpg", "d.jpg"]
    assert [row.upload_time for row in rows[1:4]] == sorted(times.values())
    assert datetime.now(UTC) - timedelta(minutes=1) < rows[-1].upload_time <= datetime.now(UTC)
    with app.app_context():
        assert_counts_are_right(host)


@ON_SQLITE
def test_other_files_are_refused_only_if_their_name_or_bytes_claim_to_be_a_picture(bring, folder):
    (folder / "notes.txt").write_text("hello")
    (folder / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512))
    (folder / "nothing").write_text("")
    (folder / "movie.mp4").write_bytes(bytes(11 * 2**20))
    (folder / "liar.JPEG").write_text("hello")
    (folder / "empty.png").write_text("")
    (folder / "cut.jpg").write_bytes(pictures.jpg()[:300])
    (folder / "large.jpg").write_bytes(pictures.jpg() + bytes(11 * 2**20))
    (folder / "painting").write_bytes(pictures.encode(pictures.photo(20, 20), "bmp"))
    (folder / "photo").write_bytes(pictures.png(9, 9))
    outcome = bring()
    assert counts(outcome) == {"imported": 5, "passed": 4, "refused": 5}
    assert outcome.reasons["not a picture"] == 4
    told = {Path(each.path).name: (each.code, sentence_of(each)) for each in outcome.refused}
    assert told == {
        "liar.JPEG": ("unsupported_type", "liar.JPEG is not a JPG, PNG or GIF image."),
        "empty.png": ("no_file", "empty.png is empty. Choose a picture."),
        "cut.jpg": (
            "damaged_image",
            "cut.jpg is damaged: it ends too early. Save it again in an image editor and try again.",
        ),
        "large.jpg": (
            "too_large",
            "The picture is too large. The limit is 10.0 MiB; make it smaller and try again.",
        ),
        "painting": (
            "unsupported_type",
            (
                "painting is a BMP picture. This server accepts JPG, PNG or GIF images. "
                "Convert it in an image editor and try again."
            ),
        ),
    }


@ON_SQLITE
def test_refused_files_are_tried_again(bring, folder, make_app):
    (folder / "x.jpg").write_text("not yet")
    assert counts(bring()) == {"imported": 4, "refused": 1}
    (folder / "x.jpg").write_bytes(pictures.jpg(9, 9))
    assert counts(bring()) == {"imported": 1, "already": 4}


@ON_SQLITE
def test_links_pipes_and_hidden_files_are_skipped(bring, folder, tmp_path):
    (folder / ".hidden.jpg").write_bytes(pictures.jpg())
    (folder / ".thumbnails").mkdir()
    (folder / ".thumbnails" / "t.jpg").write_bytes(pictures.jpg())
    (folder / "link.jpg").symlink_to(folder / "a.jpg")
    (folder / "loop").symlink_to(folder)
    (folder / "broken.jpg").symlink_to("nowhere")
    os.mkfifo(folder / "pipe.jpg")
    outcome = bring()
    assert counts(outcome) == {"imported": 4, "passed": 6}
    assert outcome.reasons == {"hidden": 2, "symbolic link": 3, "special file": 1}


@ON_SQLITE
def test_a_name_that_is_no_text_is_imported(host, app, bring, folder):
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9\n.jpg")).write_bytes(pictures.jpg(9, 9))
    assert counts(bring()) == {"imported": 5}
    assert counts(bring()) == {"already": 5}
    assert "caf\ufffd.jpg" in [row.original_name for row in stored(host, app)]


@ON_SQLITE
def test_a_long_name_and_a_deep_folder_are_imported(host, app, bring, folder):
    deep = folder.joinpath(*["d" * 50] * 20)
    deep.mkdir(parents=True)
    (deep / f"{'x' * 250}.jpg").write_bytes(pictures.jpg(9, 9))
    assert counts(bring()) == {"imported": 5}
    assert f"{'x' * 250}.jpg" in [row.original_name for row in stored(host, app)]


@ON_SQLITE
def test_unreadable_files_are_reported_and_the_others_imported(bring, folder, monkeypatch):
    real_open, real_scan = os.open, os.scandir

    def fail(path: object, *arguments: object, **options: object) -> int:
        if str(path).endswith("b.jpg"):
            raise PermissionError(13, "Permission denied")
        return real_open(path, *arguments, **options)

    def fail_too(path: object) -> object:
        if str(path).endswith("sea"):
            raise PermissionError(13, "Permission denied")
        return real_scan(path)

    monkeypatch.setattr(os, "open", fail)
    monkeypatch.setattr(os, "scandir", fail_too)
    outcome = bring()
    assert counts(outcome) == {"imported": 2, "refused": 2}
    told = {Path(each.path).name: each.reason for each in outcome.refused}
    assert told == dict.fromkeys(("b.jpg", "sea"), "It cannot be read (Permission denied).")


@ON_SQLITE
def test_a_file_that_is_replaced_by_a_pipe_or_a_link_is_not_opened(bring, folder, monkeypatch):
    """The file is replaced after it was listed and before it is opened."""
    real = importing.import_file

    def replace(host: Host, task: object, **options: object) -> object:
        path = Path(task.candidate.path)
        path.unlink()
        if path.name == "a.jpg":
            os.mkfifo(path)
        elif path.name == "b.jpg":
            path.symlink_to("summer/c.jpg")
        elif path.name == "d.jpg":
            path.mkdir()
        return real(host, task, **options)

    monkeypatch.setattr(importing, "import_file", replace)
    outcome = bring()
    assert counts(outcome) == {"refused": 4}
    assert {each.code for each in outcome.refused} == {"unreadable"}


@ON_SQLITE
@pytest.mark.parametrize("where", ["", "ab", ".."])
def test_the_storage_is_not_imported(host, app, where):
    images_dir = host_of(app).settings.images_dir
    (images_dir / "ab").mkdir(parents=True)
    with app.app_context(), pytest.raises(Failure, match="Choose another folder"):
        importing.import_folder(host, images_dir / where)


@ON_SQLITE
def test_a_link_to_the_storage_is_not_imported(host, app, tmp_path):
    images_dir = host_of(app).settings.images_dir
    images_dir.mkdir()
    (tmp_path / "link").symlink_to(images_dir)
    with app.app_context(), pytest.raises(Failure, match="Choose another folder"):
        importing.import_folder(host, tmp_path / "link")


@ON_SQLITE
def test_an_empty_folder_is_nothing(host, app, tmp_path):
    (tmp_path / "empty").mkdir()
    with app.app_context():
        assert counts(importing.import_folder(host, tmp_path / "empty")) == {}


@ON_SQLITE
def test_several_files_are_imported_at_once(bring, monkeypatch):
    both = threading.Barrier(2, timeout=20)
    real = importing.one_file.read_file

    def meet(path: str, upload: object) -> bool:
        both.wait()
        return real(path, upload)

    monkeypatch.setattr(importing.one_file, "read_file", meet)
    assert counts(bring()) == {"imported": 4}
