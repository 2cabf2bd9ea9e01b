"""Data in the browser (last uploads, list, choices) is limited, can be cleared, and is not required."""

import json

import pytest
import requests
from playwright.sync_api import Page, expect

from tests import pictures
from tests.browser.files import PHOTO, choose, expect_done, photos, write
from tests.browser.host import upload

FORBID = """
    const refuse = () => { throw new DOMException("no", "SecurityError"); };
    Object.defineProperty(window, "localStorage", { get: refuse });
"""
FULL = """
    Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };
"""
RUBBISH = """
    for (const name of ["theme", "kind", "list", "recent"]) {
        localStorage.setItem(`imagehost:1:${name}`, %s);
    }
"""


def kept(page: Page) -> dict[str, object]:
    entries = page.evaluate("Object.entries(localStorage)")
    return {name: json.loads(value) for name, value in entries}


def recent(page: Page):
    return page.locator("#recent .name")


def test_the_last_uploads_are_there_again(server, open_page, tmp_path):
    page = open_page("/upload")
    choose(page, write(tmp_path, beach_jpg=PHOTO))
    expect_done(page, "beach.jpg")
    page.reload()
    expect_done(page, "beach.jpg")
    expect(recent(page)).to_have_text("beach.jpg")
    page.locator("#recent a.name").click()
    expect(page.locator("h1")).to_have_text("beach.jpg")


def test_a_name_is_shown_as_it_is(open_page, tmp_path):
    name = "<img src=x onerror=alert(1)> {url} $& \"'.jpg"
    (tmp_path / name).write_bytes(PHOTO)
    page = open_page("/upload")
    choose(page, [tmp_path / name])
    expect(page.locator("#queue .done .name")).to_have_text(name)
    page.reload()
    expect(recent(page)).to_have_text(name)
    expect(page.locator("#recent img")).to_have_attribute("alt", f"View {name}")


def test_no_more_than_twelve_are_kept(open_page, tmp_path):
    page = open_page("/upload")
    choose(page, photos(tmp_path, 14))
    expect(page.locator("#queue .done")).to_have_count(14, timeout=20_000)
    assert len(kept(page)["imagehost:1:recent"]) == 12


def test_a_saved_upload_that_another_client_deleted_is_removed(server, open_page, page_problems, tmp_path):
    page_problems.expect("status of 404")
    page = open_page("/upload")
    choose(page, write(tmp_path, beach_jpg=PHOTO))
    expect_done(page, "beach.jpg")
    (image,) = requests.get(f"{server.url}/api/upload", timeout=30).json()
    requests.delete(f"{server.url}/api/upload/{image['filename']}", timeout=30)
    page.reload()
    expect(recent(page)).to_have_count(0)
    expect(page.locator("#uploads-bar")).to_be_hidden()
    assert kept(page)["imagehost:1:recent"] == []


def test_a_button_clears_all_of_it(server, open_page, tmp_path):
    page = open_page("/upload", color_scheme="light")
    choose(page, write(tmp_path, beach_jpg=PHOTO))
    expect_done(page, "beach.jpg")
    page.get_by_role("radio", name="Dark").check()
    page.locator("#uploads").get_by_role("radio", name="HTML").check()
    page.get_by_role("link", name="Images").click()
    expect(page.locator("#images tbody tr")).to_have_count(1)
    page.evaluate(
        "localStorage.setItem('of another application', '1'), localStorage.setItem('imagehost:0:x', '1')"
    )
    page.wait_for_function("() => localStorage['imagehost:1:list']")
    assert {name.split(":")[-1] for name in kept(page)} >= {"theme", "kind", "list", "recent"}
    page.get_by_role("button", name="Clear the imagehost data in this browser").click()
    expect(page.locator("#status")).to_have_text("The imagehost data in this browser was cleared.")
    assert list(kept(page)) == ["of another application"]
    assert page.locator("html").get_attribute("data-theme") is None
    expect(page.locator("#images").get_by_role("radio", name="Link")).to_be_checked()
    page.get_by_role("link", name="Upload").click()
    expect(page.locator("#uploads .upload")).to_have_count(0)


def test_older_forms_are_removed(open_page):
    page = open_page("/upload")
    page.evaluate("localStorage.setItem('imagehost:0:recent', '[]'), localStorage.setItem('other', '1')")
    page.reload()
    expect(page.locator("#drop")).to_be_visible()
    assert "imagehost:0:recent" not in kept(page)
    assert "other" in kept(page)


@pytest.mark.parametrize("script", [FORBID, FULL], ids=["forbidden", "full"])
def test_without_storage_all_works(server, open_page, tmp_path, script):
    page = open_page("/healthz")
    page.add_init_script(script)
    page.goto("/upload")
    choose(page, write(tmp_path, beach_jpg=PHOTO))
    expect_done(page, "beach.jpg")
    page.get_by_role("radio", name="Dark").check()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("link", name="Images").click()
    expect(page.locator("#images tbody tr")).to_have_count(1)
    page.locator("#images").get_by_role("radio", name="Markdown").check()
    page.get_by_label("Delete beach.jpg").click()
    page.get_by_role("button", name="Delete image").click()
    expect(page.get_by_text("No images yet.")).to_be_visible()
    page.get_by_role("button", name="Clear the imagehost data in this browser").click()
    expect(page.locator("#status")).to_have_text("The imagehost data in this browser was cleared.")


@pytest.mark.parametrize(
    "value",
    [
        "'not JSON'",
        "'null'",
        "'{}'",
        "'[1, null, {\"id\": {}}]'",
        "'\"x\"'",
        "JSON.stringify({kind: 1, html: 2})",
    ],
)
def test_rubbish_in_storage_breaks_nothing(server, open_page, value):
    upload(server, "photo.jpg", pictures.jpg())
    page = open_page("/healthz")
    page.add_init_script(RUBBISH % value)
    page.goto("/upload")
    expect(page.locator("#drop-state")).to_have_text("Drop pictures here or paste them")
    page.get_by_role("link", name="Images").click()
    expect(page.locator("#images .link input")).to_have_value(f"{server.url}/images/" + first(server))


def first(server) -> str:
    return requests.get(f"{server.url}/api/upload", timeout=30).json()[0]["filename"]
