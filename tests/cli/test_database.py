"""The output and the exit status of ``flask db``."""

import json
import shutil

import pytest

from tests.applications import host_of
from tests.conftest import uploaded


def test_a_copy_prints_a_summary(app, runner, make_app, tmp_path, migrated_sqlite):
    shutil.copy(migrated_sqlite, tmp_path / "old.db")
    url = f"sqlite:///{tmp_path}/old.db"
    uploaded(make_app(DATABASE_URL=url).test_client())
    ended = runner.invoke(args=["db", "copy-from", url])
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert ended.stdout == "The rows of 1 images were copied. The image files were not copied or moved.\n"
    ended = runner.invoke(args=["db", "copy-from", url, "--json"])
    assert ended.exit_code == 1
    assert "is not empty" in json.loads(ended.stdout)["message"]


def test_a_copy_prints_json(runner, tmp_path, migrated_sqlite):
    ended = runner.invoke(args=["db", "copy-from", f"sqlite:///{migrated_sqlite}", "--json"])
    assert json.loads(ended.stdout) == {"status": "success", "rows": {"image_days": 0, "images": 0}}


def test_a_copy_from_a_wrong_url_prints_one_line(runner):
    ended = runner.invoke(args=["db", "copy-from", "postgresql://me:hunter2@127.0.0.1:1/db"])
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert ended.stderr.startswith("imagehost: The database to copy from cannot be read: ")
    assert "hunter2" not in ended.stderr


def test_an_upgrade_without_permission_is_one_line(host, postgres, tmp_path, make_app):
    url = postgres.create("forbidden")
    postgres.execute("CREATE ROLE nobody_at_all LOGIN")
    try:
        postgres.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC", "forbidden")
        app = make_app(DATABASE_URL=url.replace("postgres@", "nobody_at_all@"))
        ended = app.test_cli_runner().invoke(args=["db", "upgrade"])
        assert ended.exit_code == 1
        (line,) = [line for line in ended.output.splitlines() if line]
        assert line.startswith("imagehost: the database postgresql+psycopg2://nobody_at_all@127.0.0.1:")
        assert line.endswith("cannot be migrated: permission denied for schema public")
        assert "Traceback" in (host_of(app).settings.log_dir / "app.log").read_text()
    finally:
        with app.app_context():
            host.database.engine.dispose()
        postgres.drop("forbidden")
        postgres.execute("DROP ROLE nobody_at_all")


@pytest.mark.parametrize("command", [["cleanup"], ["db", "upgrade"], ["images", "export", "{folder}/out"]])
def test_a_damaged_file_of_sqlite_is_one_line(host, tmp_path, make_app, command):
    app = make_app()
    with app.app_context():
        host_of(app).storage.initialise()
    (tmp_path / "imagehost.db").write_bytes(b"no database at all" * 1000)
    ended = app.test_cli_runner().invoke(args=[word.format(folder=tmp_path) for word in command])
    assert ended.exit_code == 1
    assert "Traceback" not in ended.output
    assert [line for line in ended.output.splitlines() if line.startswith("imagehost: ")] != []
