"""Without JavaScript, uploading, viewing, listing and deleting work with links and forms."""

import re

import pytest
import requests
from playwright.sync_api import expect

from tests import pictures
from tests.browser.conftest import ON_BOTH_DATABASES
from tests.browser.files import PHOTO, write
from tests.browser.host import upload
from tests.browser.looking import assert_sound

OFF = {"java_script_enabled": False}


@ON_BOTH_DATABASES
def test_uploading_viewing_and_deleting_work_without_scripts(server, open_page, tmp_path):
    page = open_page("/", **OFF)
    page.get_by_role("link", name="Upload a picture").click()
    page.get_by_label("Choose a picture").set_input_files(write(tmp_path, beach_jpg=PHOTO))
    page.get_by_role("button", name="Upload").click()
    expect(page).to_have_url(re.compile(r"/view/[a-z0-9]{16}$"))
    expect(page.locator("h1")).to_have_text("beach.jpg")
    link = page.get_by_role("textbox", name="Link")
    expect(link).to_be_focused()
    url = link.input_value()
    assert requests.get(url, timeout=30).content == PHOTO
    assert_sound(page)
    page.get_by_role("link", name="Images").click()
    expect(page.locator("#images tbody tr")).to_have_count(1)
    expect(page.locator("#images .link input")).to_have_value(url)
    page.get_by_role("link", name="View beach.jpg").click()
    expect(page.locator("h1")).to_have_text("beach.jpg")
    page.go_back()
    page.get_by_label("Delete beach.jpg").click()
    page.get_by_role("button", name="Delete image").click()
    expect(page).to_have_url(f"{server.url}/images-list")
    expect(page.get_by_text("No images yet.")).to_be_visible()
    assert requests.get(f"{server.url}/api/upload", timeout=30).json() == []


def test_a_refusal_is_a_page_with_a_link_back(open_page, page_problems, tmp_path):
    page_problems.expect("status of 415")
    page = open_page("/upload", **OFF)
    page.get_by_label("Choose a picture").set_input_files(write(tmp_path, notes_png=b"hello"))
    page.get_by_role("button", name="Upload").click()
    expect(page.locator(".alert")).to_have_text("notes.png is not a JPG, PNG or GIF image.")
    page.get_by_role("link", name="Upload a picture").click()
    expect(page.get_by_label("Choose a picture")).to_be_visible()


def test_pages_are_links(server, open_page):
    for number in range(11):
        upload(server, f"photo{number}.jpg", pictures.jpg(8, 6))
    page = open_page("/images-list", **OFF)
    page.get_by_role("link", name="Page 2").click()
    expect(page.locator("#images tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Previous page").click()
    expect(page.locator("#images tbody tr")).to_have_count(10)


@pytest.mark.parametrize("path", ["/", "/upload", "/images-list"])
def test_nothing_is_shown_that_would_do_nothing(server, open_page, path):
    upload(server, "photo.jpg", PHOTO)
    page = open_page(path, **OFF)
    for name in ("Copy", "Clear the imagehost data in this browser", "Cancel"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    expect(page.get_by_role("radio")).to_have_count(0)
    if path == "/upload":
        expect(page.get_by_text("Drop pictures here")).to_be_hidden()
