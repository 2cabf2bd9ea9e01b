"""Two tabs of one page: real addresses, Back, reload, and uploads that go on meanwhile."""

import pytest
from playwright.sync_api import Page, expect

from tests import pictures
from tests.browser.acts import Network
from tests.browser.files import PHOTO, UNREACHABLE, choose, expect_done, row, write
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
    """A page, and a list that grows with every document that is loaded."""
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


def test_back_and_forward(server, loads):
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
def test_reload_on_each(open_page, path, tab):
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


def test_back_from_another_page_shows_a_whole_one(server, open_page):
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
    network = Network(page)
    network.slow(100_000)
    choose(page, write(tmp_path, big_png=pictures.png(400, 300)))
    expect(row(page, "big.png").locator(".state")).to_contain_text("%")
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
    page.get_by_role("link", name="Upload").click()
    is_on(page, "upload")
    held = []
    page.route("**/images-list", lambda route: held.append(route))
    upload(server, "newer.jpg", PHOTO)
    page.get_by_role("link", name="Images").click()
    expect(page.locator("#images tbody tr")).to_have_count(1)
    page.wait_for_timeout(100)
    held.pop().continue_()
    expect(page.locator("#images tbody tr")).to_have_count(2)
    is_on(page, "images")


@pytest.mark.parametrize("kept", [False, True])
def test_a_server_that_is_gone_is_told_of(server, open_page, page_problems, kept):
    for words in ("ERR_INTERNET_DISCONNECTED", "htmx:sendError", "htmx:afterRequest"):
        page_problems.expect(words)
    upload(server, "photo.jpg", PHOTO)
    page = open_page("/images-list" if kept else "/upload")
    page.goto("/upload")
    Network(page).cut()
    page.get_by_role("link", name="Images").click()
    expect(page.locator("#alerts")).to_have_text(UNREACHABLE)
    is_on(page, "upload")
