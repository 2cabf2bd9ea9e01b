"""Uploads in the browser: choosing, dropping, pasting, many at once, progress, cancel and retry."""

import requests
from playwright.sync_api import expect

from tests import pictures
from tests.browser.acts import Drag, Network, drop_files, paste_image
from tests.browser.conftest import ON_BOTH_DATABASES, WHOLE_CHROMIUM
from tests.browser.files import PHOTO, begin_slowly, choose, expect_done, photos, row, write

DROP_MANY = """([bytes, number]) => {
    const held = new DataTransfer();
    for (let place = 0; place < number; place += 1) {
        held.items.add(new File([new Uint8Array(bytes)], `photo${place}.jpg`));
    }
    document.dispatchEvent(new DragEvent("drop", { dataTransfer: held, bubbles: true, cancelable: true }));
}"""


def names(server) -> list[str]:
    return [image["original_name"] for image in requests.get(f"{server.url}/api/upload", timeout=30).json()]


@ON_BOTH_DATABASES
def test_a_picture_chosen_with_the_button_is_uploaded(server, open_page, tmp_path):
    page = open_page("/upload")
    choose(page, write(tmp_path, beach_jpg=PHOTO))
    expect_done(page, "beach.jpg")
    expect(page.locator("#drop")).to_have_attribute("data-state", "done")
    assert names(server) == ["beach.jpg"]


@WHOLE_CHROMIUM
def test_a_picture_dropped_anywhere_on_the_page_is_uploaded(server, open_page, tmp_path):
    page = open_page("/upload")
    drop_files(page, write(tmp_path, beach_jpg=PHOTO), onto="h1")
    expect_done(page, "beach.jpg")
    assert names(server) == ["beach.jpg"]


def test_the_field_is_highlighted_while_files_are_dragged_over_it(open_page, tmp_path):
    page = open_page("/upload")
    field = page.locator("#drop")
    expect(field).to_have_attribute("data-state", "idle")
    drag = Drag(page, write(tmp_path, beach_jpg=PHOTO))
    drag.over("#drop")
    expect(field).to_have_attribute("data-state", "over")
    expect(page.locator("#drop-state")).to_have_text("Release to upload")
    drag.leave()
    expect(field).to_have_attribute("data-state", "idle")
    drag.over("#drop")
    drag.drop()
    expect(field).to_have_attribute("data-state", "done")


def test_a_pasted_picture_is_uploaded(server, open_page):
    page = open_page("/upload")
    paste_image(page, pictures.png(320, 200))
    expect_done(page, "image.png")
    assert names(server) == ["image.png"]


def test_pasting_on_the_list_switches_to_the_uploads(server, open_page):
    page = open_page("/images-list")
    paste_image(page, pictures.png(320, 200))
    expect_done(page, "image.png")
    assert page.url.endswith("/upload")
    expect(page.locator("#tab-upload")).to_have_attribute("aria-current", "page")


def test_five_at_once_with_one_refused(server, open_page, tmp_path):
    page = open_page("/upload")
    files = [*photos(tmp_path, 4), *write(tmp_path, notes_png=b"no picture at all")]
    choose(page, files)
    for place in range(4):
        expect_done(page, f"photo{place}.jpg")
    refused = row(page, "notes.png")
    expect(refused.locator(".state")).to_have_text("notes.png is not a JPG, PNG or GIF image.")
    expect(page.locator("#drop")).to_have_attribute("data-state", "refused")
    assert sorted(names(server)) == [f"photo{place}.jpg" for place in range(4)]


def test_three_go_at_a_time(open_page, tmp_path):
    page = open_page("/upload")
    network = Network(page)
    network.slow(100_000)
    choose(page, write(tmp_path, **{f"big{place}_png": pictures.png(400, 300) for place in range(5)}))
    states = page.locator("#queue .state")
    expect(states.filter(has_text="Waiting")).to_have_count(2)
    expect(page.locator("#running")).to_have_text("5")
    network.free()
    expect(page.locator("#queue .upload.done")).to_have_count(5)
    expect(page.locator("#running")).to_be_hidden()


def test_a_slow_upload_shows_its_progress(open_page, tmp_path):
    page = open_page("/upload")
    network = Network(page)
    network.slow(150_000)
    choose(page, write(tmp_path, big_png=pictures.png(640, 480)))
    bar = row(page, "big.png").locator("progress")
    seen = set()
    for _ in range(200):
        # Count and read in one step, because the bar is removed when the upload is done.
        seen.update(bar.evaluate_all("(bars) => bars.map((bar) => bar.value)") or [100])
        if 100 in seen:
            break
        page.wait_for_timeout(50)
    assert len([value for value in seen if 0 < value < 100]) >= 3, seen
    network.free()
    expect_done(page, "big.png")


def test_canceled_and_tried_again(server, open_page, tmp_path):
    page = open_page("/upload")
    network = begin_slowly(page, tmp_path)
    upload = row(page, "big.png")
    upload.get_by_role("button", name="Cancel").click()
    expect(upload.locator(".state")).to_have_text("Canceled")
    expect(upload.get_by_role("button", name="Try again")).to_be_focused()
    assert names(server) == []
    network.free()
    upload.get_by_role("button", name="Try again").click()
    expect_done(page, "big.png")
    assert names(server) == ["big.png"]


def test_canceled_while_it_waits(server, open_page, tmp_path):
    page = open_page("/upload")
    network = Network(page)
    network.slow(20_000)
    choose(page, write(tmp_path, **{f"big{place}_png": pictures.png(400, 300) for place in range(4)}))
    last = row(page, "big3.png")
    expect(last.locator(".state")).to_have_text("Waiting")
    last.get_by_role("button", name="Cancel").click()
    expect(last.locator(".state")).to_have_text("Canceled")
    last.get_by_role("button", name="Remove from the list").click()
    expect(last).to_have_count(0)
    network.free()
    expect(page.locator("#queue .upload.done")).to_have_count(3)
    assert sorted(names(server)) == ["big0.png", "big1.png", "big2.png"]


def test_leaving_while_uploads_run_is_warned_of(open_page, tmp_path):
    page = open_page("/upload")
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.type), dialog.dismiss()))
    network = begin_slowly(page, tmp_path)
    page.evaluate("location.reload()")
    page.wait_for_timeout(500)
    assert dialogs == ["beforeunload"]
    network.free()
    expect_done(page, "big.png")
    page.reload()
    assert dialogs == ["beforeunload"]


def test_the_same_file_can_be_chosen_twice(server, open_page, tmp_path):
    page = open_page("/upload")
    files = write(tmp_path, beach_jpg=PHOTO)
    for number in (1, 2):
        choose(page, files)
        expect(page.locator("#queue .upload.done")).to_have_count(number)
    assert names(server) == ["beach.jpg", "beach.jpg"]


def test_sixty_pictures_dropped_at_once_are_uploaded(server, open_page):
    page = open_page("/upload")
    page.evaluate(DROP_MANY, [list(pictures.jpg(8, 6)), 60])
    expect(page.locator("#queue .upload.done")).to_have_count(60, timeout=30_000)
    assert sorted(names(server)) == sorted(f"photo{place}.jpg" for place in range(60))
