"""Accessibility of every page in both themes: axe-core, markup, keyboard, zoom and phones."""

import pytest
from playwright.sync_api import Page, expect

from tests import pictures
from tests.browser.chromium import OTHER_HOST
from tests.browser.files import PHOTO, choose, expect_done, write
from tests.browser.host import upload
from tests.browser.looking import assert_accessible, assert_sound
from tests.browser.pages import Pages

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
ZOOMED = {"width": 640, "height": 400}
"""A window of 1280 × 800 at a zoom of 200 %."""
NARROW = {"width": 320, "height": 568}
WATCH_SHIFTS = """
    window.shifts = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) shifts += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
"""
LONG = "averylongnamewithoutanyspace" * 8 + ".jpg"


def refuse_one(page: Page, tmp_path) -> None:
    choose(page, write(tmp_path, beach_jpg=PHOTO, notes_png=b"hello"))
    expect_done(page, "beach.jpg")
    expect(page.locator("#queue .refused")).to_have_count(1)


def ask_before_deleting(page: Page, _) -> None:
    page.locator(".confirm > summary").first.click()


def enlarge(page: Page, _) -> None:
    page.locator("#images a.preview").first.click()


STATES = {
    "start": ("/", None),
    "upload": ("/upload", None),
    "uploaded and refused": ("/upload", refuse_one),
    "images": ("/images-list", None),
    "question": ("/images-list", ask_before_deleting),
    "lightbox": ("/images-list", enlarge),
    "view": ("{view_url}", None),
    "error": ("/nothing", None),
}


@pytest.fixture
def image(server, state) -> dict[str, object]:
    """Upload pictures, and return the last one. Few lists have pages: axe-core takes long for rows."""
    for number in range(11 if state in {"images", "question"} else 2):
        upload(server, f"photo{number}.jpg", pictures.jpg(8, 6))
    return upload(server, LONG, PHOTO)


@pytest.mark.parametrize("window", [PHONE, {}], ids=["phone", "desktop"])
@pytest.mark.parametrize("state", STATES)
def test_nothing_keeps_anybody_out(image, open_page, page_problems, tmp_path, state, window):
    if state == "error":
        page_problems.expect("status of 404")
    path, act = STATES[state]
    page = open_page(path.format(**image), color_scheme="light", **window)
    if act:
        act(page, tmp_path)
    assert_accessible(page)
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert_accessible(page)
    assert_sound(page)
    for size in [page.viewport_size] if window else [ZOOMED, NARROW]:
        if act and size != page.viewport_size:
            page = open_page(path.format(**image), viewport=size)
            act(page, tmp_path)
        page.set_viewport_size(size)
        assert_nothing_is_wider_than_the_window(page)


def assert_nothing_is_wider_than_the_window(page: Page) -> None:
    width = page.viewport_size["width"]
    wide, shown = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert wide <= shown
    for button in page.locator("button:visible, summary:visible, .question:visible").all():
        box = button.bounding_box()
        assert box["x"] >= 0, (width, button.inner_text())
        assert box["x"] + box["width"] <= width, (width, button.inner_text())


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("window", [PHONE, {}], ids=["phone", "desktop"])
def test_the_refusal_of_another_host_name_is_readable(browser, server, window, theme):
    """The page needs no other file, since the host serves none under this name."""
    with Pages(browser, f"http://{OTHER_HOST}:{server.port}") as pages:
        pages.problems.expect("status of 421")
        # The browser reports this for every host without HTTPS.
        pages.problems.expect("Cross-Origin-Opener-Policy")
        page = pages.open("/images-list", color_scheme=theme, **window)
        expect(page.get_by_role("heading")).to_have_text("The request failed")
        expect(page.get_by_text(f"This server does not accept requests for {OTHER_HOST}.")).to_be_visible()
        assert page.get_by_role("link").count() == 0
        dark = page.evaluate("getComputedStyle(document.body).color") == "rgb(255, 255, 255)"
        assert dark == (theme == "dark")
        assert_accessible(page)
        assert_sound(page)
    # Only the page itself was requested, and it was refused.
    assert ["status of 421" in problem for problem in pages.problems.found].count(True) == 1


def test_everything_works_on_a_phone(server, open_page, tmp_path):
    page = open_page("/", **PHONE)
    page.get_by_role("link", name="Upload a picture").tap()
    choose(page, write(tmp_path, beach_jpg=PHOTO))
    expect_done(page, "beach.jpg")
    page.get_by_role("link", name="Images").tap()
    page.get_by_label("Delete beach.jpg").tap()
    page.get_by_role("button", name="Delete image").tap()
    expect(page.get_by_text("No images yet.")).to_be_visible()


def test_the_keyboard_alone_reaches_and_shows_everything(server, open_page):
    """Tab moves from the top of the list to its end over all controls, and each visibly has the focus."""
    upload(server, "photo.jpg", PHOTO)
    page = open_page("/images-list")
    passed = []
    for _ in range(40):
        page.keyboard.press("Tab")
        label = page.evaluate(
            """() => {
                const it = document.activeElement;
                const seen = it.matches("input[type=radio]") ? it.nextElementSibling : it;
                const name = it.ariaLabel || it.innerText || it.value || it.querySelector("img").alt;
                return [name, getComputedStyle(seen).outlineStyle];
            }"""
        )
        if label[0].startswith("Clear the imagehost data"):
            break
        passed.append(label)
    names = [name.strip() for name, _ in passed]
    for expected in (
        *("Skip to the content", "imagehost", "Upload", "Images", "system", "link", "photo.jpg"),
        *("Link to photo.jpg", "Copy: Link to photo.jpg", "Delete photo.jpg"),
    ):
        assert expected in names, names
    assert all(outline in {"solid", "auto"} for _, outline in passed), passed


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_pictures_are_chosen_by_the_keyboard(open_page, tmp_path, key):
    page = open_page("/upload")
    page.locator("#file").focus()
    assert (
        page.locator("#drop .button:visible").evaluate("(it) => getComputedStyle(it).outlineStyle") == "solid"
    )
    with page.expect_file_chooser() as chooser:
        # Playwright tells Chromium to report this, and does not wait until it does.
        page.wait_for_timeout(200)
        page.keyboard.press(key)
    chooser.value.set_files(write(tmp_path, beach_jpg=PHOTO))
    expect_done(page, "beach.jpg")


def test_the_skip_link_leads_to_the_content(open_page):
    page = open_page("/upload")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#file")).to_be_focused()


@pytest.mark.parametrize("window", [PHONE, {}], ids=["phone", "desktop"])
def test_the_layout_does_not_jump_while_pictures_load(server, open_page, window):
    for number in range(10):
        upload(server, f"photo{number}.jpg", pictures.jpg(300, 200))
    tall = upload(server, "tall.jpg", pictures.jpg(900, 1400))
    wide = upload(server, "wide.jpg", pictures.jpg(1600, 900))
    page = open_page("/healthz", **window)
    page.add_init_script(WATCH_SHIFTS)
    page.route("**/images/*", lambda route: (page.wait_for_timeout(200), route.continue_()))
    for path in ("/images-list", tall["view_url"], wide["view_url"], "/upload", "/"):
        page.goto(path, wait_until="networkidle")
        assert page.evaluate("shifts") < 0.01, path
