"""Static files have addresses with a hash of their content, can be cached permanently, and are compressed."""

import gzip
import re
import shutil
from graphlib import TopologicalSorter
from pathlib import Path

import brotli
import pytest

from imagehost import create_app
from imagehost.web import assets
from tests.conftest import FRAGMENT, PAGE, uploaded

DECODE = {"gzip": gzip.decompress, "br": brotli.decompress}


def address(client, name: str) -> str:
    """Return the address of a file in a page."""
    (found,) = re.findall(rf'(?:src|href)="(/static/[^"]*{re.escape(name)})"', client.get("/upload").text)
    return found


def imports(module: Path) -> set[Path]:
    """Return the modules that a module imports."""
    return {(module.parent / name).resolve() for name in re.findall(r' from "(\.[^"]+)"', module.read_text())}


@pytest.mark.parametrize(
    "name", ["/app.css", "/app.js", "/htmx.min.js", "/js/upload/queue.js", "icons/180.png"]
)
def test_a_file_may_be_cached_permanently(client, name):
    answer = client.get(address(client, name))
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    assert int(re.search(r"max-age=(\d+)", answer.headers["Cache-Control"])[1]) >= 31536000


@pytest.mark.parametrize("name", ["/app.css", "/app.js", "/htmx.min.js"])
def test_a_file_protects_its_reader(client, name):
    answer = client.get(address(client, name))
    for header, value in assets.ASSET_HEADERS.items():
        assert answer.headers[header] == value
    assert {"Content-Security-Policy", "X-Content-Type-Options"} <= set(assets.ASSET_HEADERS)


@pytest.mark.parametrize("coding", DECODE)
@pytest.mark.parametrize("name", ["/app.css", "/app.js", "/js/upload/queue.js"])
def test_make_has_compressed_it(client, name, coding):
    plain = client.get(address(client, name))
    answer = client.get(address(client, name), headers={"Accept-Encoding": coding})
    assert answer.headers["Content-Encoding"] == coding
    assert "Accept-Encoding" in answer.vary
    assert DECODE[coding](answer.data) == plain.data


@pytest.mark.parametrize("coding", DECODE)
@pytest.mark.parametrize("path", ["/", "/upload", "/images-list", "/manifest.webmanifest"])
def test_pages_are_compressed(client, path, coding):
    uploaded(client)
    plain = client.get(path, headers=PAGE)
    answer = client.get(path, headers={**PAGE, "Accept-Encoding": coding})
    assert answer.headers["Content-Encoding"] == coding
    assert "Accept-Encoding" in answer.vary
    if path != "/":  # the page shows one of five pictures at random
        assert DECODE[coding](answer.data) == plain.data


def test_a_compressed_list_is_known_again(client):
    for _ in range(3):
        uploaded(client)
    headers = {**FRAGMENT, "Accept-Encoding": "br"}
    first = client.get("/images-list", headers=headers)
    assert first.headers["Content-Encoding"] == "br"
    again = client.get("/images-list", headers={**headers, "If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


def test_pictures_are_not_compressed_again(client):
    image = uploaded(client)
    answer = client.get(image["url"], headers={"Accept-Encoding": "br, gzip"})
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize("folder", ["static", "templates", "translations"])
def test_a_changed_file_has_a_new_address(monkeypatch, tmp_path, folder):
    folders = {path.name: shutil.copytree(path, tmp_path / path.name) for path in assets.SOURCE_FOLDERS}
    monkeypatch.setattr(assets, "SOURCE_FOLDERS", tuple(folders.values()))
    before = assets.release.__wrapped__()
    assert before == assets.release()
    changed = next(path for path in sorted(folders[folder].rglob("*")) if path.suffix in assets.SOURCES)
    changed.write_bytes(changed.read_bytes() + b" ")
    assert assets.release.__wrapped__() != before


def test_a_file_of_another_release_is_not_found(client):
    other = address(client, "/app.css").replace(assets.release(), "0" * 16)
    assert client.get(other).status_code == 404


@pytest.mark.parametrize("path", ["../wsgi.py", "%2e%2e/wsgi.py", "js/../../wsgi.py", "", "js", "js/core/"])
def test_nothing_else_is_served(client, path):
    assert client.get(f"/static/{assets.release()}/{path}").status_code == 404


def test_an_icon_is_where_browsers_ask_for_one(client):
    answer = client.get("/favicon.ico")
    assert answer.data[:4] == b"\0\0\1\0"
    assert "immutable" not in answer.headers["Cache-Control"]


def test_every_module_is_fetched_at_once(tmp_path):
    page = create_app(INSTANCE_DIR=tmp_path).test_client().get("/").text
    named = set(re.findall(r'<link rel="modulepreload" href="/static/[0-9a-f]{16}/(js/[^"]+\.js)"', page))
    static = assets.SOURCE_FOLDERS[0]
    sources = [static / "app.js", *(static / name for name in named)]
    imported = set().union(*map(imports, sources))
    assert {path.relative_to(static).as_posix() for path in imported} == named


def test_modules_do_not_import_each_other_in_a_circle():
    modules = list((assets.SOURCE_FOLDERS[0] / "js").rglob("*.js"))
    assert modules
    TopologicalSorter({module: imports(module) for module in modules}).prepare()
