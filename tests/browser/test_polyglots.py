"""A browser treats a picture that is also a page, a script, an archive or a document only as a picture.

The upload drops most of the other bytes; with ``KEEP_METADATA=true`` they stay.
"""

from collections.abc import Iterator
from functools import partial
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, Route

from tests.browser.host import upload
from tests.browser.polyglots import NO_PICTURES, POLYGLOTS
from tests.system.server import Server

EVIL = "http://127.0.0.1:9/"
"""A page of another site. Playwright answers its requests."""
SCRIPTS = ["page-in-a-comment.jpg", "script.jpg", "script.gif"]
EMBEDDED = """
    <iframe src="{url}"></iframe> <object data="{url}" type="text/html"></object>
    <embed src="{url}" type="application/pdf">
"""
ADDED = """async (url) => {
    const wait = (element) => new Promise((done) => {
        element.onload = () => done("loaded");
        element.onerror = () => done("refused");
        document.head.append(element);
    });
    const ask = (promise) => promise.then(() => "loaded", () => "refused");
    const make = (name, attributes) => Object.assign(document.createElement(name), attributes);
    const found = {
        script: await wait(make("script", {src: url, charset: "iso-8859-1"})),
        module: await wait(make("script", {src: url, type: "module"})),
        style: await wait(make("link", {href: url, rel: "stylesheet"})),
        imported: await ask(import(url)),
    };
    if (new URL(url).origin === location.origin) {
        found.serviceWorker = await ask(navigator.serviceWorker.register(url));
        found.worker = await new Promise((done) => {
            const worker = new Worker(url);
            worker.onerror = () => done("refused");
            setTimeout(() => done("silent"), 3000);
        });
    }
    return found;
}"""


@pytest.fixture(scope="module", params=["false", "true"], ids=["dropped", "kept"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("polyglots"), KEEP_METADATA=request.param) as running:
        yield running


class Watched:
    """A browser context, with all requests that it made and those that executed code made."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.executed: list[str] = []
        self.asked: list[str] = []
        context.on("request", lambda request: self.note(request.url))

    def note(self, url: str) -> None:
        self.asked.append(url)
        if urlsplit(url).path == "/executed":
            self.executed.append(url)

    def other_site(self, body: str) -> Page:
        """Open a page of another site, without a content security policy."""
        page = self.context.new_page()
        content = f"<!doctype html><title>x</title><body>{body}"
        page.route(EVIL, lambda route: route.fulfill(body=content, content_type="text/html"))
        page.goto(EVIL)
        return page


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    context = browser.new_context()
    context.set_default_timeout(20_000)
    yield Watched(context)
    context.close()


@pytest.fixture
def urls(server: Server) -> list[str]:
    return [str(upload(server, name, content)["url"]) for name, content in POLYGLOTS.items()]


def test_as_a_document_it_is_a_picture(server, urls, watched):
    page = watched.context.new_page()
    for url in urls:
        page.goto(url)
        assert page.evaluate("document.contentType").startswith("image/")
        assert page.locator("img").evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 0
        assert page.evaluate("document.title") != "executed"
    assert watched.executed == []


@pytest.mark.parametrize("home", ["own", "other"])
def test_as_a_script_a_style_or_a_worker_it_is_refused(server, urls, watched, home):
    page = watched.other_site("") if home == "other" else watched.context.new_page()
    if home == "own":
        page.goto(f"{server.url}/healthz")
    for url in urls:
        found = page.evaluate(ADDED, url)
        # If the browser reports no error, an empty style sheet counts as loaded.
        assert set(found.values()) == {"refused"}, (url, found)
    assert page.evaluate("self.executed") is None
    assert watched.executed == []


def test_in_a_page_of_another_site_it_does_nothing(server, urls, watched):
    page = watched.other_site("".join(EMBEDDED.format(url=url) for url in urls))
    page.wait_for_load_state("load")
    page.wait_for_timeout(300)
    assert {url for url in urls if url in watched.asked} == set(urls)
    assert watched.executed == []


def test_files_that_are_not_pictures_are_refused(server):
    for name, content in NO_PICTURES.items():
        for mime_type in ("image/jpeg", "text/html"):
            files = {"file": (name, content, mime_type)}
            answer = requests.post(f"{server.url}/upload", files=files, timeout=30)
            assert answer.status_code in {415, 422}, (name, answer.text)


def test_the_code_is_kept_only_where_all_is_kept(server, urls):
    same = [requests.get(url, timeout=30).content for url in urls]
    if server.environment["KEEP_METADATA"] == "true":
        assert same == list(POLYGLOTS.values())
    else:
        assert [content for content in same if b"executed" in content.lower()] == []
        assert [content for content in same if b"app.alert" in content or b"PK\3\4" in content] == []


def test_elsewhere_it_would_be_executed(server, watched):
    """This shows that the tests above do not pass only because the code of the polyglots is broken."""
    for name in SCRIPTS:
        kind = "text/html" if name.startswith("page") else "text/javascript; charset=iso-8859-1"
        address = f"{EVIL}{name}"
        answer = {"body": POLYGLOTS[name], "headers": {"Content-Type": kind}}
        watched.context.route(address, partial(Route.fulfill, **answer))
        frame = f'<iframe src="{address}"></iframe>'
        script = f'<script src="{address}" charset="iso-8859-1"></script>'
        before = len(watched.executed)
        page = watched.other_site(frame if kind == "text/html" else script)
        page.wait_for_timeout(300)
        assert len(watched.executed) > before, name
