"""Links are copied to the real clipboard in each format, with a message, also if access is refused."""

import pytest
from playwright.sync_api import Page, expect

from tests import pictures
from tests.browser.chromium import PLAIN_HOST
from tests.browser.files import choose, expect_done, write
from tests.browser.host import upload
from tests.browser.pages import Pages

ALLOWED = {"permissions": ["clipboard-read", "clipboard-write"]}
KINDS = {
    "Link": "{url}",
    "Markdown": "![]({url})",
    "HTML": '<img src="{url}" alt="">',
    "BBCode": "[img]{url}[/img]",
}
REFUSE = """
    const refuse = () => Promise.reject(new Error("no"));
    Object.defineProperty(navigator, "clipboard", { value: { writeText: refuse } });
    document.execCommand = () => false;
"""


def clipboard(page: Page) -> str:
    return page.evaluate("navigator.clipboard.readText()")


def selection(page: Page) -> str:
    return page.evaluate(
        "(({activeElement: it}) => it.value?.slice(it.selectionStart, it.selectionEnd))(document)"
    )


def choose_kind(page: Page, kind: str) -> None:
    page.locator("#images").get_by_role("radio", name=kind).check()


@pytest.fixture
def image(server) -> dict[str, object]:
    return upload(server, "photo.jpg", pictures.jpg())


@pytest.mark.parametrize("kind", KINDS)
def test_the_list_copies_each_kind_of_link(image, open_page, kind):
    page = open_page("/images-list", **ALLOWED)
    choose_kind(page, kind)
    expect(page.locator("#images .link input")).to_have_value(KINDS[kind].format(url=image["url"]))
    button = page.locator("#images").get_by_role("button", name="Copy: Link to photo.jpg")
    button.click()
    expect(button).to_have_text("Copied")
    expect(page.locator("#status")).to_have_text("Copied to the clipboard.")
    assert clipboard(page) == KINDS[kind].format(url=image["url"])
    expect(button).to_be_focused()
    expect(button).to_have_text("Copy")


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_of_an_image_copies_each_kind_of_link(image, open_page, kind):
    page = open_page(image["view_url"], **ALLOWED)
    page.get_by_role("button", name=f"Copy: {kind}").click()
    expect(page.locator("#status")).to_have_text("Copied to the clipboard.")
    assert clipboard(page) == KINDS[kind].format(url=image["url"])


def test_the_kind_that_was_used_last_is_remembered(image, open_page, tmp_path):
    page = open_page("/images-list", **ALLOWED)
    choose_kind(page, "BBCode")
    page.reload()
    expect(page.locator("#images").get_by_role("radio", name="BBCode")).to_be_checked()
    expect(page.locator("#images .link input")).to_have_value(f"[img]{image['url']}[/img]")
    page.get_by_role("link", name="Upload").click()
    choose(page, write(tmp_path, other_jpg=pictures.jpg(100, 80)))
    link = page.locator("#uploads .link input")
    expect(link).to_have_value(
        f"[img]{page.evaluate('(input) => input.dataset.url', link.element_handle())}[/img]"
    )
    page.goto(image["view_url"])
    page.get_by_role("button", name="Copy: Markdown").click()
    page.goto("/images-list")
    expect(page.locator("#images").get_by_role("radio", name="Markdown")).to_be_checked()


@pytest.mark.parametrize("path", ["/images-list", "{view_url}"])
def test_where_the_clipboard_is_refused_the_text_is_selected(image, open_page, path):
    page = open_page()
    page.add_init_script(REFUSE)
    page.goto(path.format(**image))
    page.locator("[data-copy]").first.click()
    expect(page.locator("[data-copy]").first).to_have_text("Press Ctrl+C")
    expect(page.locator("#status")).to_contain_text("The text is selected")
    assert selection(page) == image["url"]


def test_a_plain_host_has_no_clipboard_and_copies_all_the_same(image, server, browser, open_page):
    """Without HTTPS, browsers have navigator.clipboard only on this machine."""
    host = f"http://{PLAIN_HOST}:{server.port}"
    with Pages(browser, host) as pages:
        pages.problems.expect("Cross-Origin-Opener-Policy header has been ignored")
        page = pages.open("/images-list")
        assert page.evaluate("navigator.clipboard === undefined")
        page.locator("[data-copy]").first.click()
        expect(page.locator("[data-copy]").first).to_have_text("Copied")
    reader = open_page("/upload", **ALLOWED)
    assert clipboard(reader) == f"{host}/images/{image['filename']}"


def test_a_click_on_a_link_selects_it(image, open_page):
    page = open_page("/images-list")
    page.locator(".link input").first.click()
    assert selection(page) == image["url"]


def test_an_upload_can_be_copied_at_once(open_page, tmp_path):
    page = open_page("/upload", **ALLOWED)
    choose(page, write(tmp_path, beach_jpg=pictures.jpg(100, 80)))
    expect_done(page, "beach.jpg")
    page.get_by_role("button", name="Copy: Link to beach.jpg").click()
    expect(page.locator("#status")).to_have_text("Copied to the clipboard.")
    assert "/images/" in clipboard(page)
