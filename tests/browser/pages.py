"""Pages in a browser whose problems are collected."""

from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Request, WebError

OPTIONS = {"locale": "en-US", "timezone_id": "Europe/Berlin", "viewport": {"width": 1280, "height": 800}}
SECONDS_TO_ACT = 10
OWN_SCHEMES = {"about", "blob", "data"}
# The browser logs most problems itself, but not, for example, an inline style of a script that a policy
# forbids.
TELL_OF_VIOLATIONS = """
    document.addEventListener("securitypolicyviolation", (event) => {
        console.error(`Content Security Policy: ${event.violatedDirective} forbids ${event.blockedURI}`);
    });
"""


class Problems:
    """The problems of pages. A test fails if one is not expected, or if an expected one does not occur."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.expected: list[str] = []

    def expect(self, words: str) -> None:
        """Allow problems with these words, and require at least one."""
        self.expected.append(words)

    def check(self) -> None:
        unexpected = [text for text in self.found if not any(words in text for words in self.expected)]
        assert not unexpected, "\n".join(unexpected)
        missed = [words for words in self.expected if not any(words in text for text in self.found)]
        assert not missed, f"these problems were expected, and did not come up: {missed}"


class Pages:
    """Pages of one server, each in a separate browser context without cookies, cache and storage."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser = browser
        self.url = url
        self.problems = Problems()
        self.contexts: list[BrowserContext] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for context in self.contexts:
            for page in context.pages:
                # After this round trip, all earlier messages of the page have arrived. Closing it would lose
                # them.
                with suppress(Error):
                    page.evaluate("0")
            context.close()
        if error is None:
            self.problems.check()

    def open(self, path: str = "/", **options: object) -> Page:
        """Open a page, with options of Playwright's ``new_context``."""
        context = self.browser.new_context(base_url=self.url, **{**OPTIONS, **options})
        self.contexts.append(context)
        context.set_default_timeout(SECONDS_TO_ACT * 1000)
        context.add_init_script(TELL_OF_VIOLATIONS)
        context.on("console", self.heard)
        context.on("weberror", self.thrown)
        context.on("request", self.asked)
        context.on("page", self.appeared)
        page = context.new_page()
        page.goto(path)
        return page

    def heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.problems.found.append(f"console {message.type}: {message.text} ({message.location['url']})")

    def thrown(self, error: WebError) -> None:
        self.problems.found.append(f"script error: {error.error}")

    def asked(self, request: Request) -> None:
        self.visited(request.url)

    def appeared(self, page: Page) -> None:
        # The browser opens a dropped file in a new page if no script handles the drop.
        self.visited(page.url)

    def visited(self, url: str) -> None:
        scheme, host = urlsplit(url)[:2]
        if scheme not in OWN_SCHEMES and f"{scheme}://{host}" != self.url:
            self.problems.found.append(f"foreign address: {url}")
