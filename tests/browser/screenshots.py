"""Take a screenshot of every page and state, in every theme and on every device: ``make screenshots``."""

import sys
import tempfile
from collections.abc import Callable
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Error, Page

from imagehost.settings.reader import ROOT
from tests import pictures
from tests.browser import chromium
from tests.browser.acts import Drag, Network
from tests.browser.files import choose, write
from tests.browser.gallery import gallery
from tests.browser.host import upload
from tests.system.server import Server

FOLDER = ROOT / "screenshots"
THEMES = ("light", "dark")
DEVICES = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "is_mobile": True,
        "has_touch": True,
    },
}
SECONDS_TO_ACT = 5
# Otherwise, pictures below the window would be loaded only when the page is scrolled.
LOAD_ALL = """() => Promise.all([...document.images].map((image) => {
    image.loading = "eager";
    return image.src && image.decode().catch(() => null);
}))"""


def at(path: str) -> Callable[[Page], object]:
    return lambda page: page.goto(path)


def upload_over(page: Page) -> None:
    page.goto("/upload")
    Drag(page, [pictures.FLOWER]).over("#drop")


def uploads(page: Page) -> None:
    """Show one finished upload, one refused, three in progress, and one waiting."""
    page.goto("/upload")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        choose(page, write(folder, **{"Evening at the lake_jpg": pictures.jpg(640, 427)}))
        page.locator("#queue .done").wait_for()
        network = Network(page)
        network.slow(60_000)
        pngs = {f"{name}_png": pictures.png(427, 300) for name in ("tower", "roofs", "boats", "trees")}
        choose(page, write(folder, notes_png=b"no picture", **pngs))
        page.get_by_text("%", exact=False).nth(2).wait_for()
        page.wait_for_timeout(1500)


def view(page: Page) -> None:
    images = {image["original_name"]: image for image in page.request.get("/api/upload").json()}
    page.goto(f"/view/{images['portrait.jpg']['filename']}")


def lightbox(page: Page) -> None:
    page.goto("/images-list")
    page.locator("#images a.preview").nth(2).click()
    page.locator("#lightbox[open]").wait_for()


def delete_confirmation(page: Page) -> None:
    page.goto("/images-list")
    page.locator(".confirm > summary").nth(1).click()


# Each state begins with a blank page.
ON_AN_EMPTY_HOST: dict[str, Callable[[Page], object]] = {
    "images-empty": at("/images-list"),
}
STATES: dict[str, Callable[[Page], object]] = {
    "start": at("/"),
    "upload-idle": at("/upload"),
    "upload-over": upload_over,
    "upload-german": at("/upload"),
    "images": at("/images-list"),
    "images-second-page": at("/images-list?page=2"),
    "images-last-page": at("/images-list?page=3"),
    "images-german": at("/images-list?page=2"),
    "view": view,
    "lightbox": lightbox,
    "delete-confirmation": delete_confirmation,
    "error": at("/view/aaaaaaaaaaaaaaaa.jpg"),
    # This state is the last one because it adds images to the list, which the others show.
    "uploads": uploads,
}


def main(wanted: list[str]) -> int:
    """Take the screenshots whose names begin with one of the words, or all. Return the number of failures."""
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        Server(Path(folder)) as server,
        chromium.launched() as browser,
    ):
        missing = take(browser, server, chosen(ON_AN_EMPTY_HOST, wanted))
        for name, content in gallery():
            upload(server, name, content)
        return missing + take(browser, server, chosen(STATES, wanted))


def chosen(
    states: dict[str, Callable[[Page], object]], wanted: list[str]
) -> dict[str, Callable[[Page], object]]:
    return {name: act for name, act in states.items() if not wanted or name.startswith(tuple(wanted))}


def take(browser: Browser, server: Server, states: dict[str, Callable[[Page], object]]) -> int:
    missing = 0
    for (state, act), (device, options), theme in product(states.items(), DEVICES.items(), THEMES):
        path = FOLDER / f"{state}-{device}-{theme}.png"
        locale = "de-DE" if state.endswith("german") else "en-US"
        with browser.new_context(
            base_url=server.url, color_scheme=theme, locale=locale, **options
        ) as context:
            context.set_default_timeout(SECONDS_TO_ACT * 1000)
            page = context.new_page()
            try:
                act(page)
                page.evaluate(LOAD_ALL)
                # A dialog covers the window, not the whole page.
                whole = not page.locator("dialog[open]").count()
                page.screenshot(path=path, full_page=whole, animations="disabled")
            except Error as error:
                missing += 1
                print(f"{path.name}: {error}", file=sys.stderr)  # noqa: T201  # prints the progress
    return missing


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) > 0)
