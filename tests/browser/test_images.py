"""The list of images: deleting with a question, pages, changes by other windows, and full-size pictures."""

import re
from datetime import UTC, datetime

import pytest
import requests
from playwright.sync_api import Locator, Page, expect

from tests import pictures
from tests.browser.files import PHOTO, choose, expect_done, write
from tests.browser.host import upload
from tests.browser.looking import assert_sound

SMALL = pictures.jpg(8, 6)


def rows(page: Page) -> Locator:
    return page.locator("#images tbody tr")


def names(page: Page) -> list[str]:
    return page.locator("#images a.name").all_text_contents()


def question(page: Page) -> Locator:
    return page.locator(".confirm[open]").get_by_text("Delete this image permanently?")


@pytest.fixture
def twelve(server) -> list[dict[str, object]]:
    return [upload(server, f"photo{number}.jpg", SMALL) for number in range(12)]


def test_a_row_shows_the_facts_of_its_image(server, open_page):
    image = upload(server, "Grüße & <b>.png", pictures.png(64, 48))
    page = open_page("/images-list")
    cells = rows(page).locator("td")
    expect(cells.nth(1)).to_have_text("Grüße & <b>.png")
    expect(cells.nth(2)).to_have_text(re.compile(r"^\d+\.\d KiB$"))
    expect(cells.nth(3)).to_have_text("64 × 48")
    moment = datetime.fromisoformat(image["upload_time"]).astimezone(UTC)
    local = page.evaluate(
        "([time, style]) => new Intl.DateTimeFormat('en', style).format(new Date(time))",
        [moment.isoformat(), {"dateStyle": "medium", "timeStyle": "short"}],
    )
    expect(cells.nth(4).locator("time")).to_have_text(local)
    expect(cells.nth(5).locator("input")).to_have_value(image["url"])
    expect(page.locator("#images-title")).to_have_text("Images 1 image")


def test_a_time_is_that_of_the_visitors_clock(server, open_page):
    upload(server, "photo.jpg", SMALL)
    shown = [
        open_page("/images-list", timezone_id=zone, locale="de-DE").locator("#images time").inner_text()
        for zone in ("Asia/Tokyo", "America/Los_Angeles")
    ]
    assert shown[0] != shown[1]
    assert all(re.fullmatch(r"\d{2}\.\d{2}\.\d{4}, \d{2}:\d{2}", text) for text in shown), shown


def test_a_deletion_that_is_confirmed(server, open_page):
    upload(server, "old.jpg", SMALL)
    upload(server, "new.jpg", SMALL)
    page = open_page("/images-list")
    page.get_by_label("Delete new.jpg").click()
    page.get_by_role("button", name="Delete image").click()
    expect(rows(page)).to_have_count(1)
    assert names(page) == ["old.jpg"]
    expect(page.locator("#status")).to_have_text("Image deleted.")
    expect(page.get_by_label("Delete old.jpg")).to_be_focused()
    expect(page.locator("#images-title")).to_have_text("Images 1 image")
    assert_sound(page)
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No images yet.")).to_be_visible()
    expect(page.locator("#images-title")).to_be_focused()
    assert requests.get(f"{server.url}/api/upload", timeout=30).json() == []


WAYS_OUT = {
    "Cancel": lambda page: page.locator(".question").get_by_role("button", name="Cancel").click(),
    "Escape": lambda page: page.keyboard.press("Escape"),
    "elsewhere": lambda page: page.locator("h1").click(),
}


@pytest.mark.parametrize("way_out", WAYS_OUT.values(), ids=WAYS_OUT)
def test_a_deletion_that_is_refused(server, open_page, way_out):
    upload(server, "photo.jpg", SMALL)
    page = open_page("/images-list")
    page.get_by_label("Delete photo.jpg").click()
    expect(question(page)).to_be_visible()
    way_out(page)
    expect(question(page)).to_be_hidden()
    expect(rows(page)).to_have_count(1)
    assert len(requests.get(f"{server.url}/api/upload", timeout=30).json()) == 1


def test_an_image_that_is_gone_already(server, open_page, page_problems):
    page_problems.expect("status of 404")
    page_problems.expect("Response Status Error Code 404")
    image = upload(server, "photo.jpg", SMALL)
    page = open_page("/images-list")
    page.get_by_label("Delete photo.jpg").click()
    requests.delete(f"{server.url}/api/upload/{image['filename']}", timeout=30)
    page.get_by_role("button", name="Delete image").click()
    expect(page.locator("#alerts")).to_have_text("There is no such image. It may have been deleted.")


def test_deleting_the_last_row_of_a_page_shows_the_previous_page(server, open_page):
    for number in range(11):
        upload(server, f"photo{number}.jpg", SMALL)
    page = open_page("/images-list?page=2")
    assert names(page) == ["photo0.jpg"]
    page.get_by_label("Delete photo0.jpg").click()
    page.get_by_role("button", name="Delete image").click()
    expect(rows(page)).to_have_count(10)
    expect(page).to_have_url(f"{server.url}/images-list?page=1")
    expect(page.locator("#images-title")).to_be_focused()


def test_the_links_of_the_pages_lead_to_their_pages(twelve, open_page):
    page = open_page("/images-list")
    assert names(page) == [f"photo{number}.jpg" for number in range(11, 1, -1)]
    page.get_by_role("link", name="Page 2").click()
    expect(rows(page)).to_have_count(2)
    expect(page).to_have_url(re.compile(r"/images-list\?page=2$"))
    expect(page.locator(".paging [aria-current]")).to_have_text("Page 2")
    for name, number in (("Previous page", 1), ("Next page", 2), ("First page", 1), ("Last page", 2)):
        page.get_by_role("link", name=name).click()
        expect(page.locator("#images")).to_have_attribute("data-page", str(number))
        page.wait_for_function("() => document.activeElement !== document.body")
    assert_sound(page)


def test_a_page_after_the_last_one_has_a_link_to_the_last_page(twelve, open_page):
    page = open_page("/images-list?page=99")
    expect(rows(page)).to_have_count(2)
    expect(page).to_have_url(re.compile(r"/images-list\?page=2$"))


def test_two_windows_show_each_others_uploads_and_deletions(server, open_page, tmp_path):
    listing = open_page("/images-list")
    uploading = listing.context.new_page()
    uploading.goto("/upload")
    choose(uploading, write(tmp_path, beach_jpg=PHOTO))
    expect_done(uploading, "beach.jpg")
    expect(rows(listing)).to_have_count(1)
    listing.get_by_label("Delete beach.jpg").click()
    listing.get_by_role("button", name="Delete image").click()
    expect(rows(listing)).to_have_count(0)
    expect(uploading.locator("#uploads .upload")).to_have_count(0)


def test_changes_by_others_are_shown_without_a_reload(server, open_page):
    page = open_page()
    page.clock.install()
    page.goto("/images-list")
    answers = []
    page.on(
        "response", lambda answer: answers.append(answer.status) if "/images-list" in answer.url else None
    )
    for number in (1, 2):
        page.clock.run_for(15_500)
        page.wait_for_timeout(300)
        assert answers == [304] * number
    upload(server, "photo.jpg", SMALL)
    page.clock.run_for(15_500)
    expect(rows(page)).to_have_count(1)
    page.clock.run_for(15_500)
    page.wait_for_timeout(300)
    assert answers == [304, 304, 200, 304]


def test_the_window_stays_where_it_is_while_the_list_changes(twelve, server, open_page):
    page = open_page(viewport={"width": 1000, "height": 400})
    page.clock.install()
    page.goto("/images-list")
    page.evaluate("scrollTo(0, 300)")
    upload(server, "photo.jpg", SMALL)
    page.clock.run_for(15_500)
    expect(rows(page).first).to_contain_text("photo.jpg")
    page.clock.run_for(1000)
    assert page.evaluate("[scrollY, document.activeElement === document.body]") == [300, True]


def test_the_focus_is_kept_when_another_client_deletes_the_focused_row(twelve, server, open_page):
    page = open_page()
    page.clock.install()
    page.goto("/images-list")
    page.get_by_label("Delete photo5.jpg").focus()
    # The thumbnail is requested when it comes into view. It must be loaded before the image is deleted.
    page.wait_for_load_state("networkidle")
    requests.delete(f"{server.url}/api/upload/{twelve[5]['filename']}", timeout=30)
    page.clock.run_for(15_500)
    expect(page.get_by_label("Delete photo5.jpg")).to_have_count(0)
    page.clock.run_for(1000)
    expect(page.locator("#images-title")).to_be_focused()


def test_a_hidden_window_does_not_ask(server, open_page):
    page = open_page()
    page.clock.install()
    page.goto("/images-list")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/images-list" in request.url else None)
    hide = (
        "(hidden) => { Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});"
        " document.dispatchEvent(new Event('visibilitychange')); }"
    )
    page.evaluate(hide, True)
    page.clock.run_for(120_000)
    page.wait_for_timeout(200)
    assert asked == []
    upload(server, "photo.jpg", SMALL)
    page.evaluate(hide, False)
    expect(rows(page)).to_have_count(1)


def test_an_update_does_not_disturb_the_user(twelve, server, open_page):
    page = open_page()
    page.clock.install()
    page.goto("/images-list")
    page.get_by_label("Delete photo5.jpg").click()
    upload(server, "photo.jpg", SMALL)
    page.clock.run_for(15_500)
    page.wait_for_timeout(300)
    expect(question(page)).to_be_visible()
    page.keyboard.press("Escape")
    page.locator(
        "#link-" + page.get_by_label("Delete photo5.jpg").get_attribute("id").removeprefix("delete-")
    ).focus()
    page.clock.run_for(15_500)
    expect(rows(page).first).to_contain_text("photo.jpg")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Link to photo5.jpg"


def test_the_keyboard_moves_through_pictures_at_full_size(server, open_page):
    for number in range(3):
        upload(server, f"photo{number}.jpg", pictures.jpg(400 + number, 300))
    page = open_page("/images-list")
    page.get_by_role("link", name="View photo2.jpg").focus()
    page.keyboard.press("Enter")
    lightbox = page.locator("#lightbox")
    expect(lightbox).to_be_visible()
    expect(lightbox.locator("img")).to_have_attribute("alt", "photo2.jpg")
    expect(page.locator("#lightbox-place")).to_have_text("1 / 3")
    expect(lightbox.locator('[data-act="previous"]')).to_be_disabled()
    for number in (1, 0, 0):
        page.keyboard.press("ArrowRight")
        expect(lightbox.locator("img")).to_have_attribute("alt", f"photo{number}.jpg")
    expect(lightbox.locator('[data-act="next"]')).to_be_disabled()
    page.keyboard.press("ArrowLeft")
    expect(lightbox.locator("img")).to_have_attribute("alt", "photo1.jpg")
    page.wait_for_function("() => document.getElementById('lightbox-image').naturalWidth === 401")
    assert_sound(page)
    page.keyboard.press("Escape")
    expect(lightbox).to_be_hidden()
    expect(page.get_by_role("link", name="View photo1.jpg")).to_be_focused()
    assert page.url.endswith("/images-list")


@pytest.mark.parametrize("path", ["/images-list", "{view_url}"])
def test_a_phone_gets_a_large_photograph_in_its_own_size(server, open_page, path):
    image = upload(server, "large.jpg", pictures.jpg(2400, 1600))
    page = open_page(
        "/healthz", viewport={"width": 390, "height": 844}, is_mobile=True, device_scale_factor=2
    )
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.format(**image))
    if path == "/images-list":
        page.get_by_role("link", name="View large.jpg").click()
    page.wait_for_function("() => document.querySelector('.whole, #lightbox-image').naturalWidth > 0")
    assert any(f"/previews/{side}/{image['filename']}.webp" in url for url in asked for side in (720, 1280))
    assert image["url"] not in asked


def test_swipes_move_through_pictures_at_full_size(server, open_page):
    for number in range(2):
        upload(server, f"photo{number}.jpg", PHOTO)
    page = open_page("/images-list", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.get_by_role("link", name="View photo1.jpg").tap()
    shown = page.locator("#lightbox img")
    swipe(page, 300, 80)
    expect(shown).to_have_attribute("alt", "photo0.jpg")
    swipe(page, 80, 300)
    expect(shown).to_have_attribute("alt", "photo1.jpg")
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#lightbox")).to_be_hidden()


def swipe(page: Page, start: int, end: int) -> None:
    touches = page.context.new_cdp_session(page)

    def send(kind: str, *points: dict[str, float]) -> None:
        touches.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    send("touchStart", {"x": start, "y": 400})
    # Move in steps, like a finger: after a single jump, Chromium detects no gesture, and no click of the next
    # tap.
    for step in range(1, 11):
        send("touchMove", {"x": start + (end - start) * step / 10, "y": 400 + step})
    send("touchEnd")


def test_with_a_key_held_a_picture_opens_as_links_do(server, open_page):
    image = upload(server, "photo.jpg", PHOTO)
    page = open_page("/images-list")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="View photo.jpg").click(modifiers=["ControlOrMeta"])
    expect(opened.value).to_have_url(image["view_url"])
    expect(page.locator("#lightbox")).to_be_hidden()
