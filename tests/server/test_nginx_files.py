"""``flask assets`` writes the files that nginx serves itself."""

import gzip
import json
import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from imagehost.domain.kinds import KINDS
from imagehost.server import nginx_files
from imagehost.web import assets
from imagehost.web.languages import LANGUAGES
from tests.html import lint

STATUSES = {400, 404, 405, 413, 414, 421, 429, 431, 500, 501, 502, 503, 504, 505}


@pytest.fixture
def folder(runner, tmp_path) -> Path:
    """Return the folder that the command wrote."""
    run(runner, tmp_path / "web")
    return tmp_path / "web"


def run(runner, folder: Path, *options: str) -> str:
    result = runner.invoke(args=["assets", str(folder), *options])
    assert result.exit_code == 0, result.output
    return result.output


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return every file with the time when it was written."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_all_that_a_page_names_is_there(client, folder):
    named = set(re.findall(r'(?:src|href)="/(static/[^"]+|favicon\.ico)"', client.get("/").text))
    assert len(named) > 10
    for name in [*named, "favicon.ico"]:
        assert (folder / name).read_bytes() == client.get(f"/{name}").data


def test_compressible_files_are_also_written_compressed(folder):
    packed = list(folder.rglob("*.gz"))
    assert {path.with_suffix("").suffix for path in packed} == nginx_files.COMPRESSIBLE
    for path in packed:
        assert gzip.decompress(path.read_bytes()) == path.with_suffix("").read_bytes()
    assert not list(folder.rglob("*.br"))


def test_compressed_files_of_make_are_not_taken_for_static_files(folder):
    assert not list(folder.rglob("*.gz.gz"))
    assert not list(folder.rglob("*.br*"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_error_is_there_in_each_shape(folder, language):
    made = {path.name for path in (folder / "errors" / language).iterdir()}
    assert made == {f"{status}.{shape}" for status in STATUSES for shape in ("page", "fragment", "json")}
    for status in STATUSES:
        page, fragment, answer = (
            (folder / "errors" / language / f"{status}.{shape}").read_text()
            for shape in ("page", "fragment", "json")
        )
        error = json.loads(answer)
        assert error["status"] == "error"
        assert error["message"] == error["detail"]
        lint(page, fragment=False)
        lint(fragment, fragment=True)
        assert error["message"] in page
        assert error["message"] in fragment
        assert f'<html lang="{language}">' in page
        assert "<script" not in page


def test_every_format_has_its_type(folder):
    types = (folder / "types.conf").read_text()
    found = re.findall(r"^    (\S+) (\S+);$", types, re.MULTILINE)
    assert found == [(kind.mime_type, kind.extension) for kind in KINDS.values()]
    assert types.startswith("types {\n")
    assert types.endswith("}\n")


def test_languages_differ(folder):
    for status in STATUSES:
        told = [(folder / "errors" / language / f"{status}.json").read_text() for language in LANGUAGES]
        assert len(set(told)) == len(LANGUAGES) > 1


@pytest.mark.parametrize(
    ("language", "title"), [("en", "The request failed"), ("de", "Die Anfrage ist fehlgeschlagen")]
)
def test_a_page_is_in_one_language(folder, language, title):
    for status in STATUSES:
        page = (folder / "errors" / language / f"{status}.page").read_text()
        assert f"<h1>{title}</h1>" in page


def test_the_page_for_other_names_asks_for_nothing(folder):
    """The host would refuse other files for the page too."""
    for language in LANGUAGES:
        page = (folder / "errors" / language / "421.page").read_text()
        assert re.findall('(?:src|href)="([^"]*)"', page) == ["data:,"]


def test_codes_are_those_of_the_application(folder):
    codes = {
        status: json.loads((folder / "errors" / "en" / f"{status}.json").read_text())["code"]
        for status in STATUSES
    }
    assert {status: codes[status] for status in (400, 404, 405, 413, 421, 429, 500, 502, 503, 504)} == {
        400: "bad_request",
        404: "not_found",
        405: "method_not_allowed",
        413: "too_large",
        421: "wrong_host",
        429: "rate_limited",
        500: "internal_error",
        **dict.fromkeys((502, 503, 504), "unavailable"),
    }


def test_the_files_do_not_depend_on_settings(make_app, runner, folder, tmp_path):
    other = make_app(MAX_FILE_SIZE=5, ALLOWED_EXTENSIONS=("gif",), PUBLIC_URL="https://x.example")
    run(other.test_cli_runner(), tmp_path / "other")
    ours, theirs = contents(folder), contents(tmp_path / "other")
    assert {name: content for name, (_, content) in ours.items()} == {
        name: content for name, (_, content) in theirs.items()
    }
    assert "@limit. " not in ours["errors/en/413.json"][1].decode()
    assert b"The limit is @limit.;" in ours["errors/en/413.json"][1]
    assert "höchstens @limit,;" in ours["errors/de/413.page"][1].decode()
    assert b'"request_id":"@request-id"' in ours["errors/de/500.json"][1]


def test_a_second_time_changes_nothing(runner, folder):
    before = contents(folder)
    run(runner, folder)
    assert contents(folder) == before


def test_a_changed_file_is_written_again(runner, folder):
    before = contents(folder)
    spoilt = next(folder.rglob("app.css"))
    spoilt.write_text("spoilt")
    run(runner, folder)
    after = contents(folder)
    assert {name: content for name, (_, content) in after.items()} == {
        name: content for name, (_, content) in before.items()
    }


def test_an_older_release_stays(runner, folder):
    old = folder / "static" / "0123456789abcdef"
    shutil.copytree(folder / "static" / assets.release(), old)
    before = contents(old)
    run(runner, folder)
    assert contents(old) == before


def test_simultaneous_commands_write_complete_files(app, tmp_path):
    def write(_: int) -> int:
        with app.app_context():
            return nginx_files.write_nginx_files(tmp_path / "web")

    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(write, range(4)))
    assert counts == [len(contents(tmp_path / "web"))] * 4
    assert not [name for name in contents(tmp_path / "web") if ".draft" in name]


def test_a_write_that_fails_leaves_the_former_file_and_nothing_else(app, folder, monkeypatch):
    before = contents(folder)
    next(folder.rglob("app.css")).write_text("spoilt")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fchmod", fail)
    with app.app_context(), pytest.raises(nginx_files.Failure, match="No space left on device"):
        nginx_files.write_nginx_files(folder)
    assert contents(folder).keys() == before.keys()


def test_the_group_can_read_the_files_and_other_users_cannot(folder):
    modes = {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()}
    assert modes == {0o640}


def test_the_command_prints_a_summary(runner, tmp_path):
    said = json.loads(run(runner, tmp_path / "web", "--json"))
    assert said == {
        "status": "success",
        "folder": str(tmp_path / "web"),
        "release": assets.release(),
        "files": len(contents(tmp_path / "web")),
    }
    assert assets.release() in run(runner, tmp_path / "web")


def test_a_folder_that_cannot_be_made_is_an_error(runner, tmp_path):
    (tmp_path / "file").touch()
    result = runner.invoke(args=["assets", str(tmp_path / "file" / "web")])
    assert result.exit_code == 1
    assert "cannot be written to" in result.output


def test_nothing_is_logged(app, folder, tmp_path):
    log = tmp_path / "logs" / "app.log"
    assert not log.exists() or "refused" not in log.read_text()
