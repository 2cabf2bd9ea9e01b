"""A failure of the server is shown on the rows of uploads, and uploads continue after it has ended."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import expect

from tests.browser.files import PHOTO, UNREACHABLE, choose, expect_done, photos, refused, try_again, write
from tests.browser.host import upload
from tests.storage.small_disk import SmallDisk
from tests.system.server import Server, wait_until


@pytest.fixture
def own_server(pages, tmp_path) -> Iterator[Callable[..., Server]]:
    """Start a separate server that a test may stop or break, with its own settings."""
    with ExitStack() as servers:

        def start(**options: object) -> Server:
            folder = tmp_path / "host"
            folder.mkdir()
            server = servers.enter_context(Server(folder, **options))
            pages.url = server.url
            return server

        yield start


def test_the_server_is_gone_and_comes_back(own_server, open_page, page_problems, tmp_path):
    page_problems.expect("ERR_CONNECTION_REFUSED")
    server = own_server()
    page = open_page("/upload")
    server.stop()
    choose(page, write(tmp_path, beach_jpg=PHOTO))
    refused(page, "beach.jpg", UNREACHABLE)
    server.launch()
    wait_until(server.is_up, "the server does not come back", 60)
    try_again(page, "beach.jpg")
    expect_done(page, "beach.jpg")


def test_all_that_failed_can_be_tried_again_at_once(own_server, open_page, page_problems, tmp_path):
    page_problems.expect("ERR_CONNECTION_REFUSED")
    server = own_server()
    page = open_page("/upload")
    server.stop()
    choose(page, photos(tmp_path, 5))
    expect(page.locator("#queue .refused")).to_have_count(5)
    server.launch()
    wait_until(server.is_up, "the server does not come back", 60)
    page.get_by_role("button", name="Retry failed uploads").click()
    expect(page.locator("#queue .done")).to_have_count(5)
    expect(page.get_by_role("button", name="Retry failed uploads")).to_be_hidden()


def test_the_storage_is_gone_and_comes_back(own_server, open_page, page_problems, tmp_path):
    page_problems.expect("status of 503")
    server = own_server()
    page = open_page("/upload")
    choose(page, write(tmp_path, first_jpg=PHOTO))
    expect_done(page, "first.jpg")
    images = server.folder / "images"
    away = images.rename(tmp_path / "away")
    choose(page, write(tmp_path, beach_jpg=PHOTO))
    refused(page, "beach.jpg", "The storage does not answer at the moment. Try again in a few seconds.")
    shutil.rmtree(images, ignore_errors=True)
    away.rename(images)
    try_again(page, "beach.jpg")
    expect_done(page, "beach.jpg")


def test_the_disk_is_full_and_gets_room(own_server, open_page, page_problems, tmp_path):
    page_problems.expect("status of 507")
    with SmallDisk(tmp_path / "disk", "size=2m") as disk:
        server = own_server(IMAGES_DIR=disk.path / "images")
        page = open_page("/upload")
        choose(page, write(tmp_path, first_jpg=PHOTO))
        expect_done(page, "first.jpg")
        ballast = disk.fill()
        choose(page, write(tmp_path, beach_jpg=PHOTO))
        refused(
            page,
            "beach.jpg",
            "This server has no storage space left, so nothing was saved. "
            "Tell the person who runs this server.",
        )
        ballast.unlink()
        try_again(page, "beach.jpg")
        expect_done(page, "beach.jpg")
        page.context.close()
        server.stop()


def test_an_upload_above_the_limit_can_be_tried_again(own_server, open_page, page_problems, tmp_path):
    page_problems.expect("status of 429")
    own_server(RATE_LIMIT_ENABLED="true", RATE_LIMIT="1/3 seconds")
    page = open_page("/upload")
    choose(page, write(tmp_path, first_jpg=PHOTO))
    expect_done(page, "first.jpg")
    choose(page, write(tmp_path, beach_jpg=PHOTO))
    words = r"Your address has reached the limit for uploads: 1 in 3 seconds\. Try again in \d s\."
    refused(page, "beach.jpg", re.compile(words))
    page.wait_for_timeout(3000)
    try_again(page, "beach.jpg")
    expect_done(page, "beach.jpg")


def test_a_deletion_above_the_limit_is_refused_with_the_reason(own_server, open_page, page_problems):
    page_problems.expect("status of 429")
    page_problems.expect("Response Status Error Code 429")
    server = own_server(RATE_LIMIT_ENABLED="true", DELETION_RATE_LIMIT="1/4 seconds")
    for name in ("one.jpg", "two.jpg"):
        upload(server, name, PHOTO)
    page = open_page("/images-list")

    def delete(name: str) -> None:
        page.get_by_label(f"Delete {name}").click()
        page.get_by_role("button", name="Delete image").click()

    delete("one.jpg")
    expect(page.locator("#images tbody tr")).to_have_count(1)
    delete("two.jpg")
    words = re.compile(
        r"Your address has reached the limit for deletions: 1 in 4 seconds\. Try again in \d s\."
    )
    expect(page.locator("#alerts")).to_have_text(words)
    expect(page.locator("#images tbody tr")).to_have_count(1)
    page.wait_for_timeout(4000)
    page.get_by_role("button", name="Delete image").click()
    expect(page.locator("#images tbody tr")).to_have_count(0)
    expect(page.locator("#alerts")).to_have_text("")


def test_a_list_that_looks_too_often_stays_as_it_is_and_catches_up(own_server, open_page, page_problems):
    page_problems.expect("status of 429")
    page_problems.expect("Response Status Error Code 429")
    server = own_server(RATE_LIMIT_ENABLED="true", LIST_RATE_LIMIT="2/6 seconds")
    upload(server, "one.jpg", PHOTO)
    page = open_page("/images-list")
    look = "document.dispatchEvent(new Event('visibilitychange'))"
    codes = []
    for _ in range(3):
        with page.expect_response("**/images-list?page=1") as answer:
            page.evaluate(look)
        codes.append(answer.value.status)
    assert codes[-1] == 429
    upload(server, "two.jpg", PHOTO)
    expect(page.locator("#alerts")).to_have_text("")
    expect(page.locator("#images tbody tr")).to_have_count(1)
    page.wait_for_timeout(6000)
    page.evaluate(look)
    expect(page.locator("#images tbody tr")).to_have_count(2)
