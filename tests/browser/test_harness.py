"""Problems of pages fail a test, and simulated user actions work like real ones."""

import time
from contextlib import contextmanager
from itertools import groupby

import pytest

from tests import pictures
from tests.browser.acts import Drag, Network, drop_files, paste_image
from tests.browser.chromium import PLAIN_HOST
from tests.browser.conftest import ON_BOTH_DATABASES, WHOLE_CHROMIUM
from tests.browser.host import upload
from tests.browser.looking import assert_accessible, assert_sound
from tests.browser.pages import Pages

BARE = "/healthz"
"""A page without scripts."""
ADD_STYLE = "document.body.append(Object.assign(document.createElement('style'), {textContent: 'p {}'}))"
PROBLEMS = {
    "console error": ("console.error('so it goes')", "so it goes"),
    "console warning": ("console.warn('mind the gap')", "mind the gap"),
    "script error": ("setTimeout(() => { throw new Error('upside down') })", "upside down"),
    "forbidden style": (ADD_STYLE, "style-src-elem forbids inline"),
    "foreign request": (
        "fetch('http://elsewhere.example/')",
        "connect-src forbids http://elsewhere.example/",
    ),
    "another site": ("location = 'http://elsewhere.example/'", "foreign address: http://elsewhere.example/"),
    "missing answer": ("fetch('/nothing-here')", "status of 404"),
}
LISTEN = """() => {
    window.heard = [];
    for (const name of ["dragenter", "dragover", "dragleave", "drop", "paste"]) {
        document.addEventListener(name, (event) => {
            event.preventDefault();
            const files = [...(event.dataTransfer ?? event.clipboardData).files];
            heard.push([name, event.isTrusted, ...files.map((file) => file.size)]);
        });
    }
}"""
SEND = "(size) => fetch('/', {method: 'POST', body: new Uint8Array(size)}).then((answer) => answer.text())"


@pytest.fixture
def failing(browser, server):
    """Return a function that yields pages of a test that must fail with these words."""

    @contextmanager
    def failing(words: str):
        with pytest.raises(AssertionError, match=words), Pages(browser, server.url) as pages:
            yield pages

    return failing


@pytest.mark.parametrize(("script", "words"), PROBLEMS.values(), ids=PROBLEMS)
def test_a_problem_fails_the_test(failing, script, words):
    with failing(words) as pages:
        page = pages.open()
        page.evaluate(f"() => {{ {script} }}")
        for _ in range(100):
            if words not in "\n".join(pages.problems.found):
                page.wait_for_timeout(20)


def test_a_request_that_no_policy_forbids_fails_the_test_too(failing):
    with failing("foreign address: http") as pages:
        pages.open(bypass_csp=True).evaluate("fetch('http://elsewhere.example/').catch(() => null)")


@WHOLE_CHROMIUM
def test_a_dropped_file_that_the_page_does_not_take_fails_the_test(failing):
    with failing("foreign address: file:") as pages:
        page = pages.open(BARE)
        with page.context.expect_page():
            drop_files(page, [pictures.FLOWER], onto="pre")


def test_an_expected_problem_passes(page, page_problems):
    page_problems.expect("so it goes")
    page.evaluate("console.error('so it goes')")


def test_an_expected_problem_that_does_not_come_up_fails_the_test(failing):
    with failing("so it goes") as pages:
        pages.open()
        pages.problems.expect("so it goes")


def test_a_page_without_script_is_watched_as_well(open_page, page_problems):
    page_problems.expect("status of 404")
    page = open_page("/view/aaaaaaaaaaaaaaaa.jpg", java_script_enabled=False)
    assert_sound(page)


def test_a_plain_http_host_is_not_trusted(browser, server):
    with Pages(browser, f"http://{PLAIN_HOST}:{server.port}") as pages:
        pages.problems.expect("Cross-Origin-Opener-Policy header has been ignored")
        assert pages.open().evaluate("[isSecureContext, navigator.clipboard === undefined]") == [False, True]


@ON_BOTH_DATABASES
@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_an_empty_host(server, page, turn):
    assert page.request.get("/api/upload").json() == []
    upload(server, "photo.jpg", pictures.jpg())
    assert len(page.request.get("/api/upload").json()) == 1


def test_files_are_dragged_in_and_out_and_dropped(open_page):
    page = open_page(BARE)
    page.evaluate(LISTEN)
    drag = Drag(page, [pictures.FLOWER, pictures.CHINA])
    drag.over("pre")
    drag.leave()
    drag.over("pre")
    drag.drop()
    kinds = [kind for kind, _ in groupby(event[0] for event in page.evaluate("heard"))]
    assert kinds == ["dragenter", "dragover", "dragleave", "dragenter", "dragover", "drop"]
    sizes = [pictures.FLOWER.stat().st_size, pictures.CHINA.stat().st_size]
    assert page.evaluate("heard").pop() == ["drop", True, *sizes]


def test_a_picture_is_pasted(open_page):
    page = open_page(BARE)
    page.evaluate(LISTEN)
    paste_image(page, pictures.png())
    page.wait_for_function("heard.length")
    ((name, trusted, size),) = page.evaluate("heard")
    assert (name, trusted) == ("paste", True)
    assert size > 0


def test_the_network_is_slow(page, page_problems):
    page_problems.expect("status of 4")
    Network(page).slow(upload_bytes_per_second=200_000)
    begin = time.monotonic()
    page.evaluate(SEND, 100_000)
    assert time.monotonic() - begin > 0.4


def test_an_accessibility_problem_is_found(page):
    page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    with pytest.raises(AssertionError, match="button-name"):
        assert_accessible(page)


def test_bad_markup_is_found(page):
    page.evaluate("document.querySelector('main').append(document.createElement('img'))")
    with pytest.raises(AssertionError, match="no alt"):
        assert_sound(page)
