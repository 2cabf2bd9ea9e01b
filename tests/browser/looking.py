"""Checks for every page as it is in the browser, also after scripts have changed it."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.html import lint

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def assert_accessible(page: Page) -> None:
    """Check a page with axe-core."""
    # During a transition, axe-core would see colours between two themes.
    page.evaluate("Promise.allSettled(document.getAnimations().map((each) => each.finished))")
    options = {"runOnly": RULES, "resultTypes": ["violations"]}
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
