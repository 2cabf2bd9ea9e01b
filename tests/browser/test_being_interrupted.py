"""Updates of the page do not interrupt what the user is doing."""

import json

import pytest
import requests
from playwright.sync_api import Page, expect

from tests import pictures
from tests.browser.acts import Network
from tests.browser.files import PHOTO, begin_slowly, choose, expect_done, row, write
from tests.browser.host import upload

SMALL = pictures.jpg(8, 6)
DROP_TEXTS = """() => {
    const held = new DataTransfer();
    for (let place = 0; place < 20; place += 1) held.items.add(new File(["text"], `${place}.txt`));
    document.dispatchEvent(new DragEvent("drop", { dataTransfer: held, bubbles: true, cancelable: true }));
}"""


def question(page: Page):
    return page.locator(".confirm[open] .question")


def test_an_upload_that_ends_leaves_a_question_open(server, open_page, tmp_path):
    upload(server, "photo.jpg", SMALL)
    page = open_page("/upload")
    network = begin_slowly(page, tmp_path)
    page.get_by_role("link", name="Images").click()
    page.get_by_label("Delete photo.jpg").click()
    yes = question(page).get_by_role("button", name="Delete image")
    yes.focus()
    network.free()
    expect(page.locator("#running")).to_be_hidden(timeout=20_000)
    page.wait_for_timeout(300)
    expect(yes).to_be_focused()
    page.keyboard.press("Escape")
    # The postponed update is done now.
    expect(page.locator("#images tbody tr")).to_have_count(2)


def test_a_deletion_in_another_window_waits_until_the_picture_is_closed(server, open_page):
    for number in range(3):
        upload(server, f"photo{number}.jpg", SMALL)
    page = open_page("/images-list")
    other = page.context.new_page()
    other.goto("/images-list")
    page.get_by_role("link", name="View photo2.jpg").click()
    other.get_by_label("Delete photo1.jpg").click()
    other.get_by_role("button", name="Delete image").click()
    expect(other.locator("#images tbody tr")).to_have_count(2)
    expect(page.locator("#lightbox")).to_be_visible()
    expect(page.locator("#images tbody tr")).to_have_count(3)
    page.keyboard.press("Escape")
    expect(page.locator("#images tbody tr")).to_have_count(2)


def test_an_image_that_another_window_deleted_is_removed_when_it_is_deleted_again(
    server, open_page, page_problems
):
    page_problems.expect("status of 404")
    page_problems.expect("Response Status Error Code 404")
    image = upload(server, "photo.jpg", SMALL)
    upload(server, "other.jpg", SMALL)
    page = open_page("/images-list")
    page.get_by_label("Delete photo.jpg").click()
    requests.delete(f"{server.url}/api/upload/{image['filename']}", timeout=30)
    page.get_by_role("button", name="Delete image").click()
    expect(page.locator("#alerts")).to_have_text("There is no such image. It may have been deleted.")
    expect(page.locator("#images a.name")).to_have_text(["other.jpg"])
    expect(page.locator("#images-title")).to_have_text("Images 1 image")


def test_back_and_paste_close_the_picture(server, open_page):
    upload(server, "photo.jpg", SMALL)
    page = open_page("/upload")
    page.get_by_role("link", name="Images").click()
    page.get_by_role("link", name="View photo.jpg").click()
    expect(page.locator("#lightbox")).to_be_visible()
    page.go_back()
    expect(page.locator("#lightbox")).to_be_hidden()
    expect(page.locator("#upload")).to_be_visible()


def test_the_arrow_keys_work_after_the_last_picture(server, open_page):
    for number in range(2):
        upload(server, f"photo{number}.jpg", SMALL)
    page = open_page("/images-list")
    page.get_by_role("link", name="View photo1.jpg").click()
    page.get_by_role("button", name="Next picture").click()
    expect(page.locator("#lightbox-place")).to_have_text("2 / 2")
    assert page.evaluate("document.activeElement !== document.body")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#lightbox-place")).to_have_text("1 / 2")


def test_a_picture_chosen_before_the_scripts_are_there_is_taken(server, open_page, tmp_path):
    page = open_page("/healthz")
    held = []
    page.route("**/js/upload/queue.js", lambda route: held.append(route))
    page.goto("/upload", wait_until="commit")
    page.locator("#file").set_input_files(write(tmp_path, beach_jpg=PHOTO))
    held.pop().continue_()
    expect_done(page, "beach.jpg")


@pytest.mark.parametrize("script", ["**/js/upload/queue.js", "**/app.js", "**/htmx.min.js"])
def test_if_a_script_cannot_be_loaded_the_form_is_shown(server, open_page, page_problems, tmp_path, script):
    page_problems.expect("ERR_FAILED")
    if "htmx" in script:
        page_problems.expect("htmx did not load")
    page = open_page("/healthz")
    page.route(script, lambda route: route.abort())
    page.goto("/upload")
    page.get_by_label("Choose a picture").set_input_files(write(tmp_path, beach_jpg=PHOTO))
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("h1")).to_have_text("beach.jpg")


def test_a_double_click_on_cancel_only_cancels(open_page, tmp_path):
    page = open_page("/upload")
    begin_slowly(page, tmp_path)
    row(page, "big.png").get_by_role("button", name="Cancel").dblclick()
    expect(row(page, "big.png").locator(".state")).to_have_text("Canceled")
    expect(page.locator("#drop")).not_to_have_attribute("data-state", "refused")
    expect(row(page, "big.png").locator(".state")).not_to_have_role("alert")


def test_the_focus_stays_with_an_upload_from_try_to_link(open_page, tmp_path):
    page = open_page("/upload")
    network = Network(page)
    network.slow(20_000)
    choose(page, write(tmp_path, big_png=pictures.png(300, 200)))
    page.get_by_role("button", name="Cancel: big.png").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Try again: big.png")).to_be_focused()
    network.free()
    page.keyboard.press("Enter")
    expect_done(page, "big.png")
    expect(page.get_by_role("button", name="Copy: Link to big.png")).to_be_focused()


def test_another_window_shows_what_was_uploaded_and_chosen_here(server, open_page, tmp_path):
    page = open_page("/upload")
    other = page.context.new_page()
    other.goto("/upload")
    choose(page, write(tmp_path, beach_jpg=PHOTO))
    expect_done(page, "beach.jpg")
    expect(other.locator("#recent .name")).to_have_text("beach.jpg")
    page.locator("#uploads").get_by_role("radio", name="HTML").check()
    expect(other.locator("#uploads").get_by_role("radio", name="HTML")).to_be_checked()
    page.get_by_role("button", name="Clear the imagehost data in this browser").click()
    expect(other.locator("#recent .name")).to_have_count(0)
    expect(other.locator("#uploads-kind-link")).to_be_checked()


def test_an_invalid_theme_is_ignored(open_page):
    page = open_page("/upload")
    other = page.context.new_page()
    other.goto("/upload")
    other.evaluate("(value) => localStorage.setItem('imagehost:1:theme', value)", json.dumps("purple"))
    page.wait_for_timeout(200)
    assert page.locator("html").get_attribute("data-theme") is None


def test_the_browsers_bars_follow_the_theme(open_page):
    page = open_page("/", color_scheme="light")
    bars = "[...document.querySelectorAll('meta[name=theme-color]')].map((bar) => bar.content)"
    assert page.evaluate(bars) == ["#ffffff", "#14161a"]
    page.get_by_role("radio", name="Dark").check()
    assert page.evaluate(bars) == ["#14161a", "#14161a"]
    page.get_by_role("radio", name="System theme").check()
    assert page.evaluate(bars) == ["#ffffff", "#14161a"]


def test_a_question_is_left_by_tab(server, open_page):
    upload(server, "photo.jpg", SMALL)
    page = open_page("/images-list")
    page.get_by_label("Delete photo.jpg").click()
    question(page).get_by_role("button", name="Cancel", exact=True).focus()
    page.keyboard.press("Tab")
    expect(question(page)).to_have_count(0)


def test_many_refusals_are_not_all_read_out(open_page):
    page = open_page("/upload")
    page.evaluate(DROP_TEXTS)
    expect(page.locator("#queue .refused")).to_have_count(20)
    assert page.locator("#queue [role=alert]").count() == 3
    expect(page.locator("#status")).to_have_text("Some pictures were not uploaded. See the list below.")


def test_the_newest_uploads_are_at_the_top(open_page, tmp_path):
    page = open_page("/upload")
    choose(page, write(tmp_path, first_jpg=PHOTO, second_jpg=PHOTO))
    expect(page.locator("#queue .done")).to_have_count(2)
    choose(page, write(tmp_path, third_jpg=PHOTO))
    expect(page.locator("#queue .done .name")).to_have_text(["third.jpg", "first.jpg", "second.jpg"])
