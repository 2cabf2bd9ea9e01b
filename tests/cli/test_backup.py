"""The output and the exit status of ``flask backup``."""

import hashlib

import pytest
import sqlalchemy as sa

from imagehost.operations.backups.catalogue import list_backups
from tests import pictures
from tests.applications import host_of
from tests.operations.backups import hostile
from tests.operations.backups.hosts import add_images, lose_everything, told

OLD_ROW = sa.text(
    "INSERT INTO images (filename, original_name, size, upload_time, file_type, width, height, sha256) "
    "VALUES (:filename, 'photo.jpg', :size, '2026-01-01 12:00:00', 'jpg', 8, 6, :sha256)"
)


@pytest.fixture
def flask(app, runner):
    add_images(app, 3)
    return lambda *words: runner.invoke(args=["backup", *words])


def test_create_prints_a_summary(flask):
    made = flask("create")
    assert made.exit_code == 0
    assert made.stdout.startswith("backup_")
    assert "3 images" in made.stdout
    assert "3 copied, 0 shared" in made.stdout
    assert "3 shared" in flask("create").stdout


def test_create_says_it_in_json(host, flask, app):
    answer = told(flask("create", "--json"))
    assert answer["status"] == "success"
    assert answer["counts"]["images"] == 3
    with app.app_context():
        assert answer["path"] == str(host.settings.backup_dir / answer["name"])


def test_create_ends_with_1_where_an_image_is_lost(host, flask, app):
    with app.app_context():
        next(host.settings.images_dir.glob("[a-z0-9][a-z0-9]/*")).unlink()
    made = flask("create", "--json")
    assert made.exit_code == 1
    assert told(made)["status"] == "error"
    assert "had no bytes in the storage" in told(made)["problems"][0]


def test_list_prints_all_backups(flask):
    assert "There are no backups in" in flask("list").stdout
    name = told(flask("create", "--json"))["name"]
    lone = told(flask("create", "--database-only", "--json"))["name"]
    assert "not verified yet" in flask("list").stdout
    flask("verify", "--all")
    backups = told(flask("list", "--json"))["backups"]
    assert [(one["name"], one["images"]) for one in backups] == [(name, 3), (lone, 3)]
    assert all(one["state"].startswith("verified 20") for one in backups)


def test_list_shows_damage(host, flask, app):
    name = told(flask("create", "--json"))["name"]
    with app.app_context():
        (host.settings.backup_dir / name / "manifest.json").unlink()
    assert "DAMAGED" in flask("list").stdout


def test_verify_takes_the_newest_and_ends_with_1_for_damage(host, flask, app):
    assert flask("verify").exit_code == 1
    flask("create")
    assert flask("verify").exit_code == 0
    with app.app_context():
        (backup,) = list_backups(host)
        next((backup.path / "images").glob("*/*")).unlink()
    checked = flask("verify", backup.name)
    assert checked.exit_code == 1
    assert "is missing" in checked.stdout
    assert told(flask("verify", "--json"))["backups"][backup.name] != []


def test_a_name_in_a_backup_from_elsewhere_writes_nothing_to_the_terminal(host, flask, app):
    flask("create")
    with app.app_context():
        (backup,) = list_backups(host)
    code = "\x1b]0;owned\x07\u202e"
    (backup.path / "images" / f"{code}\nbackup_2000: whole\udcff").touch()
    told_of = flask("verify").output + flask("list").output
    assert (
        told_of.count(
            "images/\\x1b]0;owned\\x07\\u202e\\nbackup_2000: whole\\udcff does not belong to the backup"
        )
        == 2
    )
    assert [line for line in told_of.split("\n") if not line.isprintable()] == []


def test_restore_prints_the_missing_option_and_the_result(host, flask, app):
    name = told(flask("create", "--json"))["name"]
    refused = flask("restore", name)
    assert refused.exit_code == 1
    assert refused.stderr.startswith("imagehost: This host has 3 images.")
    done = told(flask("restore", name, "--yes", "--json"))
    assert done["safety_backup"].startswith("backup_")
    lose_everything(host)
    done = flask("restore", name)
    assert done.exit_code == 0, done.output
    assert done.stdout == f"{name} was restored: 3 images.\n"


def test_restore_brings_old_tables_up_to_date(make_app, tmp_path):
    app = make_app(DATABASE_URL=f"sqlite:///{tmp_path}/old.db")
    host = host_of(app)
    flask = app.test_cli_runner()
    assert flask.invoke(args=["db", "upgrade", "0001"]).exit_code == 0
    content = pictures.jpg(8, 6)
    row = {
        "filename": "abcdefghijklmnop.jpg",
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    with app.app_context():
        host.storage.initialise()
        path = host.settings.images_dir / "ab" / row["filename"]
        path.parent.mkdir()
        path.write_bytes(content)
        with host.database.engine.begin() as connection:
            connection.execute(OLD_ROW, row)
            connection.execute(sa.text("INSERT INTO image_days VALUES ('2026-01-01', 0, 1)"))
    made = told(flask.invoke(args=["backup", "create", "--json"]))
    assert made["revision"] == "0001"
    lose_everything(host)
    assert flask.invoke(args=["backup", "restore", made["name"]]).exit_code == 0
    assert app.test_client().get("/images-list").json["data"][0]["filename"] == row["filename"]
    assert app.test_client().get(f"/images/{row['filename']}").data == content


def test_verify_prints_who_made_a_backup(host, flask, app):
    name = told(flask("create", "--json"))["name"]
    assert flask("verify").stdout == f"{name}: OK; made by this host\n"
    assert told(flask("verify", "--json"))["origins"] == {name: "this_host"}
    assert told(flask("list", "--json"))["backups"][0]["origin"] == "this_host"
    with app.app_context():
        (backup,) = list_backups(host)
    hostile.unsign(backup)
    checked = flask("verify")
    assert (checked.exit_code, checked.stdout.startswith(f"{name}: OK; not signed: ")) == (0, True)
    assert told(flask("verify", "--json"))["origins"] == {name: "unsigned"}
    hostile.reseal(backup, signature="0" * 64)
    assert f"{name}: OK; made by another host, or" in flask("verify").stdout
    assert "made by another host" in flask("list").stdout
    assert told(flask("list", "--json"))["backups"][0]["origin"] == "another_host"
    (backup.path / "manifest.json").write_text("{}")
    assert told(flask("verify", "--json"))["origins"] == {name: None}


def test_restore_of_a_foreign_one_needs_a_word_more(host, flask, app):
    name = told(flask("create", "--json"))["name"]
    with app.app_context():
        (backup,) = list_backups(host)
    hostile.unsign(backup)
    refused = flask("restore", name, "--yes")
    assert refused.exit_code == 1
    assert refused.stderr.count("\n") == 1
    assert "not signed" in refused.stderr
    assert "add --yes --foreign" in refused.stderr
    assert flask("restore", name, "--yes", "--foreign").exit_code == 0


def test_a_hostile_backup_is_named_in_one_sentence_and_leaves_nothing(host, flask, app, tmp_path):
    name = told(flask("create", "--json"))["name"]
    with app.app_context():
        (backup,) = list_backups(host)
    trap = tmp_path / "trap"
    hostile.insert(backup, f"ATTACH '{trap}' AS evil;\n", "COMMIT;")
    checked = flask("verify")
    assert checked.exit_code == 1
    assert "it contains SQL that backups of imagehost never contain: ATTACH" in checked.stdout
    assert "DAMAGED" in flask("list").stdout
    refused = flask("restore", name, "--yes", "--foreign")
    assert refused.exit_code == 1
    assert sum(line.startswith("imagehost: ") for line in refused.stderr.splitlines()) == 1
    assert not trap.exists()


def test_thousands_of_problems_do_not_fill_the_terminal(host, flask, app):
    flask("create")
    with app.app_context():
        (backup,) = list_backups(host)
    for number in range(1200):
        (backup.path / f"stray{number}").touch()
    lines = flask("verify").stdout.splitlines()
    assert (len(lines), lines[-1]) == (1002, "  and 200 more")
    assert len(told(flask("verify", "--json"))["backups"][backup.name]) == 1200


def test_prune_prints_the_removed_backups(flask):
    assert flask("prune").stdout == "There are no backups to remove.\n"
    first, second = (told(flask("create", "--json"))["name"] for _ in range(2))
    # It may be a safety backup of a restore.
    assert flask("prune").stdout == "There are no backups to remove.\n"
    assert flask("prune", "--keep-hours=0", "--dry-run").stdout == f"would be removed: {first}\n"
    assert told(flask("prune", "--keep-hours=0", "--json"))["removed"] == [first]
    assert [one["name"] for one in told(flask("list", "--json"))["backups"]] == [second]


@pytest.mark.parametrize("words", [["restore", "nothing"], ["verify", "../../etc"]])
def test_an_error_is_one_line_or_json(flask, words):
    refused = flask(*words)
    assert refused.exit_code == 1
    assert refused.stderr.count("\n") == 1
    assert told(flask(*words, "--json"))["status"] == "error"


def test_without_tables_the_error_names_the_command_to_run(make_app, tmp_path):
    app = make_app(DATABASE_URL=f"sqlite:///{tmp_path}/new.db")
    refused = app.test_cli_runner().invoke(args=["backup", "create"])
    assert refused.exit_code == 1
    assert "flask db upgrade" in refused.stderr


def test_no_progress_is_shown_to_a_script(flask):
    assert flask("create").stderr == ""
