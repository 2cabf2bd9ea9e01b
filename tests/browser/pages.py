"""Pages in a browser, watched for what goes wrong on them without anybody asking."""

from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Request, WebError

OPTIONS = {"locale": "en-US", "timezone_id": "Europe/Berlin", "viewport": {"width": 1280, "height": 800}}
SECONDS_TO_ACT = 10
OWN_SCHEMES = {"about", "blob", "data"}
# The browser says most of it itself; not what a policy reports of an inline style set by a script, say.
TELL_OF_VIOLATIONS = """
    document.addEventListener("securitypolicyviolation", (event) => {
        console.error(`Content Security Policy: ${event.violatedDirective} forbids ${event.blockedURI}`);
    });
"""


class Problems:
    """What went wrong. A test fails for what it did not expect, and for what it expected in vain."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.expected: list[str] = []

    def expect(self, words: str) -> None:
        """Let the test pass although problems with these words come up."""
        self.expected.append(words)

    def check(self) -> None:
        unexpected = [text for text in self.found if not any(words in text for words in self.expected)]
        assert not unexpected, "\n".join(unexpected)
        missed = [words for words in self.expected if not any(words in text for text in self.found)]
        assert not missed, f"these problems were expected, and did not come up: {missed}"


class Pages:
    """Pages of one server, each in a browser context of its own: no cookies, no cache, no storage."""

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
                # There and back: what the page said before is heard by then. One that just leaves is silent.
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
        # What a dropped file that no script takes does: the browser opens it.
        self.visited(page.url)

    def visited(self, url: str) -> None:
        scheme, host = urlsplit(url)[:2]
        if scheme not in OWN_SCHEMES and f"{scheme}://{host}" != self.url:
            self.problems.found.append(f"foreign address: {url}")
