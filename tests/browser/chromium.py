"""Debian's Chromium, controlled by Playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

FLAGS = [
    "--no-sandbox",  # Chromium's sandbox does not work for root and in containers
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
PLAIN_HOST = "imagehost.lan"
"""A name of this machine that browsers treat like any host without HTTPS."""
OTHER_HOST = "imagehost.example"
"""A name of this machine that the host does not answer to."""
# Other host names cannot be resolved, so no request of a page leaves the machine.
HERE = ", ".join(f"MAP {name} 127.0.0.1" for name in (PLAIN_HOST, OTHER_HOST))
HOSTS = f"--host-resolver-rules={HERE}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


HEADLESS_SHELL = "chromium-headless-shell"
"""Chromium without the parts for windows: a page takes a third of the time."""
WHOLE = "chromium"
"""Chromium with the parts for windows: what happens around a page, such as opening a dropped file."""


def find(program: str) -> str:
    """Return the path of the browser. Raises RuntimeError if it is not installed."""
    path = shutil.which(program)
    if not path:
        raise RuntimeError(f"the tests need {program}: run make test")
    return path


@contextmanager
def launched(*flags: str, program: str = HEADLESS_SHELL) -> Iterator[Browser]:
    """Yield a browser. All its processes end with the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(program), args=[*FLAGS, HOSTS, *flags])
        yield browser
        browser.close()
