"""Files in a folder, to upload them."""

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests import pictures
from tests.browser.acts import Network

PHOTO = pictures.jpg(640, 427)
UNREACHABLE = "The server cannot be reached. Check your connection and try again."


def write(folder: Path, **contents: bytes) -> list[Path]:
    """Write files, and return their paths. ``beach_jpg=…`` becomes ``beach.jpg``."""
    paths = []
    for name, content in contents.items():
        path = folder / name.replace("_", ".")
        path.write_bytes(content)
        paths.append(path)
    return paths


def photos(folder: Path, number: int) -> list[Path]:
    return write(folder, **{f"photo{place}_jpg": pictures.jpg(320 + place, 240) for place in range(number)})


def choose(page: Page, paths: list[Path]) -> None:
    """Choose files with the button."""
    with page.expect_file_chooser() as chooser:
        page.get_by_text("Choose pictures").click()
    chooser.value.set_files(paths)


def begin_slowly(page: Page, folder: Path) -> Network:
    """Upload big.png over a slow network, so that it takes a while. Return the network."""
    network = Network(page)
    network.slow(15_000)
    choose(page, write(folder, big_png=pictures.png(400, 300)))
    expect(row(page, "big.png").locator(".state")).to_contain_text("%")
    return network


def row(page: Page, name: str) -> Locator:
    """Return the row of an upload."""
    return page.locator("#uploads .upload").filter(has_text=name)


def expect_done(page: Page, name: str) -> None:
    """Expect that the upload is done: its row has the thumbnail and the link."""
    done = page.locator("#uploads .upload.done").filter(has_text=name)
    expect(done).to_have_count(1)
    expect(done.locator(".link input")).to_have_value(images_link(page))
    page.wait_for_function(
        "(image) => image.complete && image.naturalWidth > 0", arg=done.locator("img").element_handle()
    )


def images_link(page: Page) -> re.Pattern[str]:
    origin = re.escape(page.evaluate("location.origin"))
    return re.compile(rf"^{origin}/images/[a-z0-9]{{16}}\.(jpg|png|gif)$")


def refused(page: Page, name: str, words: str | re.Pattern[str]) -> None:
    """Expect that the row of the upload shows the refusal, and that the upload can be repeated."""
    upload = row(page, name)
    expect(upload.locator(".state")).to_have_text(words)
    expect(upload.locator(".state")).to_have_role("alert")
    expect(upload.get_by_role("button", name="Try again")).to_be_visible()
    expect(upload.get_by_role("button", name="Cancel")).to_be_hidden()
    expect(page.locator("#alerts")).to_be_empty()


def try_again(page: Page, name: str) -> None:
    row(page, name).get_by_role("button", name="Try again").click()
