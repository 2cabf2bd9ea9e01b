"""An interrupted import continues, and imports each picture once."""

import os
import sqlite3

import pytest

from imagehost.domain.errors import StorageFull, Unavailable
from imagehost.domain.failures import Failure
from imagehost.operations import parallel
from imagehost.operations.importing import Decision, journal, selection
from imagehost.services import images
from tests import pictures
from tests.applications import host_of
from tests.conftest import ON_BOTH_DATABASES, ON_SQLITE
from tests.operations.importing.conftest import counts
from tests.services.test_faults import break_commit, driver_error
from tests.system import truth

pytestmark = ON_BOTH_DATABASES


@pytest.fixture
def many(folder):
    for number in range(20):
        (folder / f"{number}.png").write_bytes(pictures.png(20 + number, 8))
    return folder


def fail_after(number: int, error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """Return a function that makes the import of a later picture fail."""
    real, calls = images.add_image, []

    def add(*arguments: object, **options: object) -> object:
        calls.append(arguments)
        if len(calls) > number:
            raise error
        return real(*arguments, **options)

    monkeypatch.setattr(images, "add_image", add)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (KeyboardInterrupt(), "The command was interrupted. To continue, run the same command again."),
        (
            Unavailable("database"),
            "The database is unavailable. To continue, run the same command again",
        ),
        (StorageFull(), "The disk is full. To continue, run the same command again"),
    ],
    ids=["Ctrl-C", "database", "disk"],
)
def test_an_interrupted_import_continues(app, bring, many, monkeypatch, database_url, error, words):
    with monkeypatch.context() as broken:
        fail_after(7, error, broken)
        with pytest.raises(Failure, match=words):
            bring()
    done = len(truth.rows(database_url))
    assert 7 <= done < 24
    assert counts(bring()) == {"imported": 24 - done, "already": done}
    assert len(truth.rows(database_url)) == 24
    truth.assert_exact(database_url, host_of(app).settings.images_dir)


@ON_SQLITE
def test_a_fault_of_ours_is_not_called_a_refusal(bring, monkeypatch):
    fail_after(0, FileExistsError(17, "File exists"), monkeypatch)
    with pytest.raises(FileExistsError):
        bring()


@pytest.mark.parametrize("after", [False, True], ids=["not done", "done"])
def test_a_commit_of_unknown_outcome_is_looked_up(host, app, bring, monkeypatch, database_url, after):
    monkeypatch.setattr(parallel, "THREADS", 1)
    real = images.add_image

    def add(*arguments: object, **options: object) -> object:
        monkeypatch.setattr(images, "add_image", real)
        break_commit(host, app, monkeypatch, driver_error(host, app, 503), after=after)
        return real(*arguments, **options)

    monkeypatch.setattr(images, "add_image", add)
    with pytest.raises(Failure, match="To continue, run the same command again"):
        bring()
    rest = bring()
    assert rest.counts[Decision.ALREADY] >= after
    assert counts(bring()) == {"already": 4}
    assert len(truth.rows(database_url)) == 4


def test_an_image_that_was_committed_right_before_a_kill_is_not_imported_again(
    bring, monkeypatch, database_url
):
    """The row exists, and the journal only contains that the import of the file was begun."""
    with monkeypatch.context() as killed:
        killed.setattr(journal.ImportJournal, "finish", lambda *_: None)
        bring()
    assert counts(bring()) == {"already": 4}
    assert len(truth.rows(database_url)) == 4


@pytest.mark.parametrize("again_before", [False, True], ids=["touched at once", "touched later"])
def test_a_file_that_was_touched_after_a_kill_is_not_imported_again(
    bring, folder, monkeypatch, database_url, again_before
):
    with monkeypatch.context() as killed:
        killed.setattr(journal.ImportJournal, "finish", lambda *_: None)
        bring()
    if again_before:
        assert counts(bring()) == {"already": 4}
    for path in folder.rglob("*.jpg"):
        os.utime(path, (1, 1))
    assert counts(bring()) == {"already": 4}
    (folder / "a.jpg").write_bytes(pictures.jpg(90, 8))
    assert counts(bring()) == {"imported": 1, "already": 3}
    assert len(truth.rows(database_url)) == 5


@ON_SQLITE
def test_it_is_deleted_also_where_it_was_committed_right_before_a_kill(app, bring, monkeypatch):
    with monkeypatch.context() as killed:
        killed.setattr(journal.ImportJournal, "finish", lambda *_: None)
        bring()
    bring()
    app.test_client().delete("/delete/1")
    assert counts(bring()) == {"already": 3, "deleted": 1}


@ON_SQLITE
def test_names_are_noted_before_anything_is_imported(app, bring, folder, monkeypatch, database_url, tmp_path):
    real, noted = images.add_image, []

    def add(*arguments: object, **options: object) -> object:
        other = sqlite3.connect(f"file:{tmp_path}/imports.db?mode=ro&immutable=1", uri=True)
        noted.append(
            other.execute("SELECT count(*) FROM files WHERE name = ?", (options["public_name"],)).fetchone()
        )
        other.close()
        return real(*arguments, **options)

    monkeypatch.setattr(images, "add_image", add)
    monkeypatch.setattr(selection, "RECORDED_AT_ONCE", 2)
    bring()
    assert noted == [(1,)] * 4


@ON_SQLITE
def test_two_at_once_are_not_allowed(bring, tmp_path):
    with journal.open_import_journal(tmp_path), pytest.raises(Failure, match="is already running"):
        bring()
    assert counts(bring()) == {"imported": 4}


@ON_SQLITE
@pytest.mark.parametrize("content", [None, b"no database at all" * 100], ids=["folder", "torn"])
def test_an_unusable_journal_is_reported(bring, tmp_path, content, database_url):
    path = tmp_path / "imports.db"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(Failure, match=r"imports\.db cannot be used"):
        bring()
    assert truth.rows(database_url) == {}
