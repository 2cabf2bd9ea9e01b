"""The two tabs of the page have real addresses, work with Back and reload, and do not stop uploads."""

import re
from contextlib import suppress

import pytest
from playwright.sync_api import Error, Page, expect

from tests import pictures
from tests.browser.acts import Network, paste_image
from tests.browser.files import (
    PHOTO,
    UNREACHABLE,
    begin_slowly,
    expect_done,
    refused,
    row,
    try_again,
)
from tests.browser.host import upload
from tests.browser.looking import assert_sound


def is_on(page: Page, tab: str) -> None:
    other = {"upload": "images", "images": "upload"}[tab]
    expect(page.locator(f"#{tab}")).to_be_visible()
    expect(page.locator(f"#{other}")).to_have_count(0)
    expect(page.locator(f"#tab-{tab}")).to_have_attribute("aria-current", "page")
    expect(page.locator(f"#tab-{other}")).not_to_have_attribute("aria-current", "page")
    expect(page).to_have_title({"upload": "Upload · imagehost", "images": "Images · imagehost"}[tab])
    assert page.locator("h1").count() == 1


@pytest.fixture
def loads(open_page):
    """Return a page, and a list to which each loaded document is added."""
    page = open_page("/upload")
    documents = []
    page.on(
        "request", lambda request: documents.append(request.url) if request.is_navigation_request() else None
    )
    return page, documents


def test_tabs_switch_without_a_reload(server, loads):
    page, documents = loads
    upload(server, "photo.jpg", PHOTO)
    is_on(page, "upload")
    page.get_by_role("link", name="Images").click()
    is_on(page, "images")
    assert page.url == f"{server.url}/images-list"
    expect(page.get_by_role("link", name="Images")).to_be_focused()
    assert_sound(page)
    page.get_by_role("link", name="Upload").click()
    is_on(page, "upload")
    assert page.url == f"{server.url}/upload"
    assert_sound(page)
    assert documents == []


def test_back_and_forward_restore_the_tab_and_the_page_of_the_list(server, loads):
    page, documents = loads
    for number in range(12):
        upload(server, f"photo{number}.jpg", pictures.jpg(8, 8))
    page.get_by_role("link", name="Images").click()
    is_on(page, "images")
    page.get_by_role("link", name="Next page").click()
    expect(page.locator("#images")).to_have_attribute("data-page", "2")
    page.go_back()
    expect(page.locator("#images")).to_have_attribute("data-page", "1")
    is_on(page, "images")
    page.go_back()
    is_on(page, "upload")
    page.go_forward()
    is_on(page, "images")
    page.go_forward()
    expect(page.locator("#images")).to_have_attribute("data-page", "2")
    assert documents == []
    assert_sound(page)


@pytest.mark.parametrize(("path", "tab"), [("/upload", "upload"), ("/images-list", "images")])
def test_a_reload_stays_on_the_tab(open_page, path, tab):
    page = open_page(path)
    is_on(page, tab)
    page.get_by_role("link", name={"upload": "Images", "images": "Upload"}[tab], exact=True).first.click()
    is_on(page, {"upload": "images", "images": "upload"}[tab])
    page.reload()
    is_on(page, {"upload": "images", "images": "upload"}[tab])
    page.go_back()
    is_on(page, tab)
    page.reload()
    is_on(page, tab)


def test_back_from_another_page_shows_a_whole_page(server, open_page):
    image = upload(server, "photo.jpg", PHOTO)
    page = open_page("/upload")
    page.get_by_role("link", name="Images").click()
    page.locator("#images a.name").click()
    expect(page).to_have_url(image["view_url"])
    page.go_back()
    is_on(page, "images")
    expect(page.locator("header.bar")).to_be_visible()


def test_uploads_go_on_while_tabs_are_switched(open_page, tmp_path):
    page = open_page("/upload")
    network = begin_slowly(page, tmp_path)
    page.get_by_role("link", name="Images").click()
    is_on(page, "images")
    expect(page.locator("#running")).to_have_text("1")
    page.go_back()
    is_on(page, "upload")
    expect(row(page, "big.png").locator("progress")).to_be_visible()
    page.get_by_role("link", name="Images").click()
    network.free()
    expect(page.locator("#images tbody tr")).to_have_count(1, timeout=20_000)
    page.get_by_role("link", name="Upload").click()
    expect_done(page, "big.png")


def test_the_list_is_painted_before_the_server_has_answered(server, open_page):
    upload(server, "photo.jpg", PHOTO)
    page = open_page("/images-list")
    page.locator("#images").get_by_role("radio", name="Markdown").check()
    page.get_by_role("link", name="Upload").click()
    is_on(page, "upload")
    held = []
    page.route("**/images-list*", lambda route: held.append(route))
    newer = upload(server, "newer.jpg", PHOTO)
    page.get_by_role("link", name="Images").click()
    is_on(page, "images")
    assert page.locator("#images a.name").all_text_contents() == ["photo.jpg"]
    expect(page.locator("#images .link input")).to_have_value(re.compile(r"^!\[\]"))
    page.wait_for_timeout(100)
    held.pop().continue_()
    expect(page.locator("#images tbody tr")).to_have_count(2)
    is_on(page, "images")
    expect(page.locator("#images .link input").first).to_have_value(f"![]({newer['url']})")


def test_the_last_click_wins(server, open_page, page_problems):
    """A late answer does not undo a click that came after its request."""
    page_problems.expect("htmx:sendAbort")
    page_problems.expect("htmx:afterRequest")
    upload(server, "photo.jpg", PHOTO)
    page = open_page("/upload")
    held = []
    page.route("**/images-list*", lambda route: held.append(route))
    page.get_by_role("link", name="Images").click()
    page.wait_for_timeout(100)
    page.get_by_role("link", name="Upload").click()
    with suppress(Error):
        held.pop().continue_()
    page.wait_for_timeout(500)
    is_on(page, "upload")
    assert page.url == f"{server.url}/upload"


def test_pressing_a_tab_again_adds_nothing_to_the_history(server, open_page):
    upload(server, "photo.jpg", PHOTO)
    page = open_page("/upload")
    page.get_by_role("link", name="Images").click()
    is_on(page, "images")
    for _ in range(3):
        page.get_by_role("link", name="Images").click()
    page.get_by_role("link", name="Images").dblclick()
    is_on(page, "images")
    page.go_back()
    is_on(page, "upload")


def test_an_error_leaves_address_and_tab_as_they_are(server, open_page, page_problems):
    page_problems.expect("status of 502")
    page_problems.expect("Response Status Error Code 502")
    page = open_page("/upload")
    page.route("**/images-list*", lambda route: route.fulfill(status=502, body="{}"))
    page.get_by_role("link", name="Images").click()
    expect(page.locator("#alerts")).to_contain_text("unexpected response (status 502)")
    is_on(page, "upload")
    assert page.url == f"{server.url}/upload"


def test_without_the_server_the_uploads_can_be_reached(server, open_page, page_problems):
    page_problems.expect("ERR_INTERNET_DISCONNECTED")
    page_problems.expect("htmx:")
    upload(server, "photo.jpg", PHOTO)
    page = open_page("/images-list")
    network = Network(page)
    network.cut()
    paste_image(page, pictures.png(64, 48))
    is_on(page, "upload")
    refused(page, "image.png", UNREACHABLE)
    page.go_back()
    is_on(page, "images")
    page.go_forward()
    is_on(page, "upload")
    network.free()
    try_again(page, "image.png")
    expect_done(page, "image.png")


def test_going_back_without_a_network_is_reported(server, open_page, page_problems):
    page_problems.expect("ERR_INTERNET_DISCONNECTED")
    image = upload(server, "photo.jpg", PHOTO)
    page = open_page(image["view_url"])
    page.get_by_role("link", name="Upload").click()
    is_on(page, "upload")
    Network(page).cut()
    page.go_back()
    expect(page.locator("#alerts")).to_have_text(UNREACHABLE)


def test_back_from_the_uploads_shows_the_page_of_an_image(server, open_page):
    image = upload(server, "photo.jpg", PHOTO)
    page = open_page(image["view_url"])
    page.get_by_role("link", name="Upload").click()
    is_on(page, "upload")
    page.go_back()
    expect(page.locator("h1")).to_have_text("photo.jpg")
    expect(page.locator(".tabs [aria-current]")).to_have_count(0)


def test_an_unreachable_server_is_reported(open_page, page_problems):
    for words in ("ERR_INTERNET_DISCONNECTED", "htmx:sendError", "htmx:afterRequest"):
        page_problems.expect(words)
    page = open_page("/upload")
    Network(page).cut()
    page.get_by_role("link", name="Images").click()
    expect(page.locator("#alerts")).to_have_text(UNREACHABLE)
    is_on(page, "upload")
