"""What ``flask db copy-from`` prints, and how it ends."""

import json
import shutil

from tests.conftest import ON_SQLITE, uploaded

pytestmark = ON_SQLITE


def test_a_copy_says_what_it_did(app, runner, make_app, tmp_path, migrated_sqlite):
    shutil.copy(migrated_sqlite, tmp_path / "old.db")
    url = f"sqlite:///{tmp_path}/old.db"
    uploaded(make_app(DATABASE_URL=url).test_client())
    ended = runner.invoke(args=["db", "copy-from", url])
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert ended.stdout == "1 images are known here now. Their files stay where they are.\n"
    ended = runner.invoke(args=["db", "copy-from", url, "--json"])
    assert ended.exit_code == 1
    assert "is not empty" in json.loads(ended.stdout)["message"]


def test_a_copy_tells_scripts(runner, tmp_path, migrated_sqlite):
    ended = runner.invoke(args=["db", "copy-from", f"sqlite:///{migrated_sqlite}", "--json"])
    assert json.loads(ended.stdout) == {"status": "success", "rows": {"image_days": 0, "images": 0}}


def test_a_copy_from_nowhere_is_one_line(runner):
    ended = runner.invoke(args=["db", "copy-from", "postgresql://me:hunter2@127.0.0.1:1/db"])
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert ended.stderr.startswith("imagehost: The database to copy from cannot be read: ")
    assert "hunter2" not in ended.stderr
