"""Lets Lighthouse look at our pages, as on a phone and at a desk: ``make lighthouse``. Only 100 will do."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from tests import pictures
from tests.browser import chromium
from tests.browser.host import upload
from tests.system.server import Server

LIGHTHOUSE = Path(__file__).parent / "node_modules" / ".bin" / "lighthouse"
FORMS = {"mobile": [], "desktop": ["--preset=desktop"]}
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
CULPRITS = 3
SECONDS = 180
TRIES = 3
PHOTOS = {
    "roofs.jpg": pictures.CHINA.read_bytes(),
    "dahlia.jpg": pictures.FLOWER.read_bytes(),
    "large.jpg": pictures.jpg(2400, 1600),
}


def main() -> int:
    """Print a line for each page and form factor, then what costs points; give 1 if anything does."""
    costs: list[str] = []
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder)) as server:
        views = [upload(server, name, content)["view_url"] for name, content in PHOTOS.items()]
        addresses = {path: server.url + path for path in ("/", "/upload", "/images-list")}
        addresses["/view/…"] = str(views[-1])
        say(f"{'':24}" + "".join(f"{name:>16}" for name in CATEGORIES))
        for (page, address), form in product(addresses.items(), FORMS):
            report = audit(address, form)
            scores = [round(100 * (report["categories"][name]["score"] or 0)) for name in CATEGORIES]
            say(f"{page:14}{form:10}" + "".join(f"{score:>16}" for score in scores))
            found = [line for name in CATEGORIES for line in costly(report, name)]
            costs += [f"\n{page} {form}", *found] if found else []
    say("\n".join(costs))
    return bool(costs)


def audit(address: str, form: str) -> dict:
    """Look at one page; give Lighthouse's report."""
    for _ in range(TRIES):
        done = look(address, form)
        report = (
            json.loads(done.stdout) if done.returncode == 0 else {"runtimeError": {"message": done.stderr}}
        )
        if "runtimeError" not in report:
            return report
    raise RuntimeError(f"{address}: {report['runtimeError']['message']}")


def look(address: str, form: str) -> subprocess.CompletedProcess[str]:
    """Run Lighthouse, which now and then misses the beginning of its own recording."""
    flags = " ".join(["--headless=new", *chromium.FLAGS])
    options = ["--quiet", "--no-enable-error-reporting", "--output=json", *FORMS[form]]
    return subprocess.run(
        [LIGHTHOUSE, address, f"--chrome-flags={flags}", *options],
        env={**os.environ, "CHROME_PATH": chromium.find()},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def costly(report: dict, category: str) -> Iterator[str]:
    """The audits that keep a category below 100, and what Lighthouse says would be faster."""
    if report["categories"][category]["score"] == 1:
        return
    for reference in report["categories"][category]["auditRefs"]:
        result = report["audits"][reference["id"]]
        if result["score"] not in {None, 1} and (reference["weight"] or result.get("metricSavings")):
            yield f"  {category}: {result['id']}: {result['title']} {result.get('displayValue', '')}".rstrip()
            yield from dict.fromkeys(culprits(result.get("details", {}).get("items", [])))


def culprits(items: list[dict]) -> Iterator[str]:
    """The first few things that an audit found: an element, a message, or an address."""
    for item in items[:CULPRITS]:
        one = item.get("node", item)
        told = one.get("snippet") or one.get("description") or one.get("url")
        if isinstance(told, str) and one.get("type") != "list-section":
            yield f"    {told}"


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  # whoever waits for it sees it grow


if __name__ == "__main__":
    sys.exit(main())
