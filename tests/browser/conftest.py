"""Fixtures: a browser, a server, and pages whose problems fail the test."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import chromium
from tests.browser.host import delete_all
from tests.browser.pages import Pages, Problems
from tests.system.databases import fresh_database
from tests.system.server import Server

# On a busy machine, a page may take longer than Playwright's five seconds.
expect.set_options(timeout=20_000)

# For tests that use the database in full. The other tests run only on SQLite.
WHOLE_CHROMIUM = pytest.mark.parametrize("browser", [chromium.WHOLE], indirect=True)
ON_BOTH_DATABASES = pytest.mark.parametrize("server", ["sqlite", "postgresql"], indirect=True)


# The scope is not the session: while Playwright runs, asyncio uses this thread for its event loop.
@pytest.fixture(scope="package")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    program = getattr(request, "param", chromium.HEADLESS_SHELL)
    with chromium.launched(program=program) as running:
        yield running


@pytest.fixture(scope="package", params=["sqlite"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run one server for all tests. A module that needs other settings has its own fixture of this name."""
    folder = tmp_path_factory.mktemp("browser")
    with fresh_database(request, folder, "browser") as url, Server(folder, DATABASE_URL=url) as running:
        yield running


@pytest.fixture(autouse=True)
def _empty_host(server: Server) -> None:
    delete_all(server)


@pytest.fixture
def pages(browser: Browser, server: Server) -> Iterator[Pages]:
    with Pages(browser, server.url) as opened:
        yield opened


@pytest.fixture
def page_problems(pages: Pages) -> Problems:
    """Collect the problems of pages. To allow one: ``page_problems.expect("status of 413")``."""
    return pages.problems


@pytest.fixture
def open_page(pages: Pages) -> Callable[..., Page]:
    """Return a function that opens pages: ``open_page("/upload", color_scheme="dark")``."""
    return pages.open


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """Return the start page."""
    return open_page()
