"""The address of an image's page, which used to end like the address of a picture."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from playwright.sync_api import expect

from tests import pictures
from tests.browser.files import PHOTO, choose, expect_done, write
from tests.browser.host import upload
from tests.browser.looking import assert_sound

OLDER = """() => {
    for (const key of Object.keys(localStorage)) {
        const text = localStorage.getItem(key);
        localStorage.setItem(key, text.replace(/"view_url":"([^"]+)"/, '"view_url":"$1.jpg"'));
    }
}"""


def test_the_old_address_redirects_to_the_page(server, open_page):
    image = upload(server, "beach.jpg", PHOTO)
    page = open_page(f"/view/{image['filename']}")
    expect(page).to_have_url(image["view_url"])
    assert not page.url.endswith(".jpg")
    expect(page.locator("h1")).to_have_text("beach.jpg")
    assert_sound(page)
    # Back returns to the previous page, not to the redirect.
    page.get_by_role("link", name="Images").click()
    expect(page.locator("#images")).to_be_visible()
    page.go_back()
    expect(page).to_have_url(image["view_url"])


class Post(BaseHTTPRequestHandler):
    """A page of another site that shows only the picture named in the query."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        address = self.path.partition("?")[2]
        self.wfile.write(b'<!doctype html><link rel="icon" href="data:,"><img src="%s">' % address.encode())

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def forum() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Post) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_forum_that_took_the_old_address_for_a_picture_shows_one(server, open_page, page_problems, forum):
    page_problems.expect(f"foreign address: {forum}")
    image = upload(server, "beach.png", pictures.png(64, 48))
    page = open_page("/healthz")
    page.goto(f"{forum}/?{server.url}/view/{image['filename']}")
    page.wait_for_function("() => document.querySelector('img').naturalWidth === 64")


def test_a_browser_that_knows_the_old_address_of_an_upload_finds_its_page(open_page, tmp_path):
    page = open_page("/upload")
    choose(page, write(tmp_path, beach_jpg=PHOTO))
    expect_done(page, "beach.jpg")
    page.evaluate(OLDER)
    page.reload()
    link = page.locator("#recent a.name")
    address = link.get_attribute("href")
    assert address.endswith(".jpg")
    link.click()
    expect(page).to_have_url(
        f"{page.url.split('/view/')[0].removesuffix('/upload')}{address.removesuffix('.jpg')}"
    )
    expect(page.locator("h1")).to_have_text("beach.jpg")
