"""The host can be installed as an application on a phone."""

from tests.browser.acts import devtools
from tests.browser.conftest import WHOLE_CHROMIUM


@WHOLE_CHROMIUM
def test_a_browser_would_install_it(server, open_page):
    page = open_page("/upload")
    manifest = devtools(page).send("Page.getAppManifest")
    assert manifest["url"] == f"{server.url}/manifest.webmanifest"
    assert manifest["errors"] == []
    errors = devtools(page).send("Page.getInstallabilityErrors")["installabilityErrors"]
    # All pages of Playwright are in private mode.
    assert [error["errorId"] for error in errors] == ["in-incognito"]
