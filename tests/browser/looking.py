"""Checks for every page as it is in the browser, also after scripts have changed it."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.html import lint

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOUR_RULES = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
"""The rules of axe-core whose result depends on the theme, which changes only colours."""


def assert_accessible(page: Page) -> None:
    """Check a page with axe-core."""
    run_axe(page, RULES)


def assert_legible(page: Page) -> None:
    """Check the colours of a page with axe-core."""
    run_axe(page, COLOUR_RULES)


def run_axe(page: Page, rules: object) -> None:
    """Assert that a page violates none of these rules."""
    # During a transition, axe would see colours between two themes.
    page.evaluate("Promise.allSettled(document.getAnimations().map((each) => each.finished))")
    options = {"runOnly": rules, "resultTypes": ["violations"]}
    violations = Axe().run(page, options=options).response["violations"]
    assert not violations, "\n".join(["", *map(described, violations)])


def described(violation: dict) -> str:
    nodes = [
        f"  {' '.join(map(str, node['target']))}\n    {node['html']}\n    "
        + node["failureSummary"].replace("\n", "\n    ")
        for node in violation["nodes"]
    ]
    return "\n".join([f"{violation['id']} ({violation['impact']}): {violation['help']}", *nodes])


def assert_sound(page: Page) -> None:
    """Check the markup of the page as it is now."""
    lint(page.content(), fragment=False)
