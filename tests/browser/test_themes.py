"""The light theme, the dark theme and that of the system are saved, and the wrong one is never shown."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acts import Network

GROUND = {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 22, 26)"}

TRANSITIONS = """[...new Set([...document.querySelectorAll("*")].flatMap(
    (element) => getComputedStyle(element).transitionDuration.split(",").map(parseFloat)
))].sort()"""


def ground(page: Page) -> str:
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


@pytest.mark.parametrize("system", ["light", "dark"])
def test_the_system_is_followed(open_page, system):
    page = open_page(color_scheme=system)
    assert ground(page) == GROUND[system]
    other = {"light": "dark", "dark": "light"}[system]
    page.emulate_media(color_scheme=other)
    assert ground(page) == GROUND[other]


@pytest.mark.parametrize("system", ["light", "dark"])
@pytest.mark.parametrize("chosen", ["light", "dark"])
def test_a_choice_counts_more_and_is_remembered(open_page, system, chosen):
    page = open_page(color_scheme=system)
    page.get_by_role("radio", name=chosen.title()).check()
    assert ground(page) == GROUND[chosen]
    for path in ("/upload", "/images-list", "/"):
        page.goto(path)
        assert ground(page) == GROUND[chosen]
        expect(page.get_by_role("radio", name=chosen.title())).to_be_checked()
    page.get_by_role("radio", name="System theme").check()
    assert ground(page) == GROUND[system]
    page.reload()
    assert ground(page) == GROUND[system]


def test_another_window_follows(open_page):
    page = open_page(color_scheme="light")
    other = page.context.new_page()
    other.goto("/upload")
    page.get_by_role("radio", name="Dark").check()
    expect(other.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_wrong_theme_never_flashes(open_page):
    """From the first frame to the last, the background only has the colour of the chosen theme."""
    page = open_page(color_scheme="light")
    page.get_by_role("radio", name="Dark").check()
    page.add_init_script(
        """
        window.seen = new Set();
        const look = () => {
            if (document.body) seen.add(getComputedStyle(document.body).backgroundColor);
            requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
        """
    )
    Network(page).set(latency=50, downloadThroughput=50_000)
    page.goto("/upload")
    page.wait_for_timeout(300)
    assert page.evaluate("[...seen]") == [GROUND["dark"]]


def test_reduced_motion_is_respected(open_page):
    page = open_page("/upload", reduced_motion="reduce")
    assert page.evaluate(TRANSITIONS) == [0]
    page.emulate_media(reduced_motion="no-preference")
    shortest, *_, longest = page.evaluate(TRANSITIONS)
    assert (shortest, longest) == (0, 0.12)
