"""User actions that need more than one call of Playwright."""

import base64
from collections.abc import Iterable
from pathlib import Path

from playwright.sync_api import CDPSession, Page

COPY = 1
OUTSIDE = (-10, -10)
WRITE_TO_CLIPBOARD = """async (encoded) => {
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
    const picture = new Blob([bytes], {type: "image/png"});
    await navigator.clipboard.write([new ClipboardItem({"image/png": picture})]);
}"""


class Drag:
    """Files that the pointer drags, as if from a window of the file manager."""

    def __init__(self, page: Page, paths: Iterable[Path]) -> None:
        self.page = page
        self.session = devtools(page)
        self.data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": COPY}
        self.at(*OUTSIDE, "dragEnter")

    def over(self, selector: str) -> None:
        """Drag the files over the middle of an element."""
        element = self.page.locator(selector)
        element.scroll_into_view_if_needed()
        box = element.bounding_box()
        assert box, f"{selector} is not to be seen"
        # Send two events: the page receives the first one only as dragenter.
        for _ in range(2):
            self.at(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, "dragOver")

    def leave(self) -> None:
        """Drag the files out of the window. (The page does not notice the protocol's own dragCancel.)"""
        self.at(*OUTSIDE, "dragOver")

    def drop(self) -> None:
        self.at(self.x, self.y, "drop")

    def at(self, x: float, y: float, kind: str) -> None:
        self.x, self.y = x, y
        self.session.send("Input.dispatchDragEvent", {"type": kind, "x": x, "y": y, "data": self.data})


def drop_files(page: Page, paths: Iterable[Path], onto: str = "main") -> None:
    drag = Drag(page, paths)
    drag.over(onto)
    drag.drop()


def paste_image(page: Page, png: bytes) -> None:
    """Paste a picture from the clipboard into the focused element, with the keyboard."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(WRITE_TO_CLIPBOARD, base64.b64encode(png).decode())
    page.keyboard.press("ControlOrMeta+V")


class Network:
    """The network between a page and the server, which can be slowed down or cut."""

    def __init__(self, page: Page) -> None:
        # Use one session for all calls: each session has its own conditions, and the most limited ones apply.
        self.session = devtools(page)
        self.session.send("Network.enable")
        self.conditions: dict[str, object] = {}

    def slow(self, upload_bytes_per_second: int) -> None:
        self.set(uploadThroughput=upload_bytes_per_second)

    def cut(self) -> None:
        # Keep the earlier limits. Otherwise a slow upload could be sent at once, before its connection is
        # cut.
        self.set(**{**self.conditions, "offline": True})

    def free(self) -> None:
        self.set()

    def set(self, **conditions: object) -> None:
        self.conditions = conditions
        unlimited = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self.session.send("Network.emulateNetworkConditions", {**unlimited, **conditions})


def devtools(page: Page) -> CDPSession:
    return page.context.new_cdp_session(page)
