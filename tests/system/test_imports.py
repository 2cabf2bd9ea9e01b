"""An import that is killed repeatedly, as by power failures, imports each picture exactly once."""

import hashlib
from collections import Counter

import pytest

from imagehost.operations import parallel
from tests import pictures
from tests.conftest import ON_BOTH_DATABASES
from tests.system import commands, truth

KILLS = {"fsync": 9, "pwrite64,sendto": 15}
"""System calls around the naming of a file, and during the statements of a transaction."""

FILES = 10 * parallel.THREADS
"""Enough files for every thread."""


@pytest.fixture
def folder(tmp_path):
    gallery = tmp_path / "gallery"
    gallery.mkdir()
    for number in range(FILES):
        # Each picture occurs twice, so the bytes alone cannot distinguish the files.
        (gallery / f"{number:04}.jpg").write_bytes(pictures.jpg(16 + number // 2, 12))
    return gallery


@ON_BOTH_DATABASES
def test_an_import_that_is_killed_twice_is_complete_at_the_end(database_url, tmp_path, folder):
    settings = {"DATABASE_URL": database_url, "INSTANCE_DIR": tmp_path}
    expected = Counter(hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir())
    before = 0
    for call, nth in KILLS.items():
        commands.assert_killed(settings, "images", "import", str(folder), at=call, nth=nth)
        found = Counter(truth.rows(database_url).values())
        assert found <= expected
        assert before <= found.total() < expected.total()
        before = found.total()
    assert before > 0
    answer = commands.flask(settings, "images", "import", str(folder))
    assert (answer["imported"], answer["already"]) == (FILES - before, before)
    assert Counter(truth.rows(database_url).values()) == expected
    # A file that was published right before a kill may be left, and the clean-up finds it.
    orphans = len(truth.files(tmp_path / "images")) - FILES
    cleaned = commands.flask(settings, "cleanup", "--grace", "0")
    assert cleaned["found"]["files_without_a_row"]["removed"] == orphans
    truth.assert_exact(database_url, tmp_path / "images")
