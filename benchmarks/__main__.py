"""Run benchmarks: ``python -m benchmarks [name…]``, or ``make bench``; see docs/performance.md.

Prints the tables, and writes them to benchmarks/results.json, and into docs/performance.md if asked to.
"""

import argparse
import importlib
import json
import shutil
import sys
from pathlib import Path

from benchmarks import hosts
from benchmarks.measuring import Table, dump

NAMES = [
    "starting", "uploads", "stages", "serving", "thumbnails", "crowds", "lists", "memory", "growth",
    "backups",
]  # fmt: skip
"""In this order."""
RESULTS = Path(__file__).parent / "results.json"
DOCUMENT = Path(__file__).parent.parent / "docs" / "performance.md"
BEGINS, ENDS = "<!-- tables -->", "<!-- end of tables -->"
PROGRAMS = ("wrk", "nginx", "initdb")


def main() -> None:
    """Run what is asked for, or all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(NAMES))
    parser.add_argument("--document", action="store_true", help="write the tables into docs/performance.md")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(NAMES):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    if not shutil.which("wrk"):
        sys.exit("benchmarks need wrk: run make bench")
    tables: list[Table] = []
    for name in asked.names or NAMES:
        for table in importlib.import_module(f"benchmarks.{name}").measure():
            print(table.markdown(), flush=True)
            tables.append(table)
    RESULTS.write_text(dump(tables, hosts.machine()))
    if asked.document:
        write_document()
    missed = [row.what for table in tables for row in table.rows if not row.is_met]
    print(
        f"{len(missed)} of {sum(bool(row.target) for table in tables for row in table.rows)} targets missed"
    )


def write_document() -> None:
    """Put the last tables where docs/performance.md has its tables."""
    before, _, rest = DOCUMENT.read_text().partition(BEGINS)
    after = rest.partition(ENDS)[2]
    DOCUMENT.write_text(f"{before}{BEGINS}\n\n{rendered(RESULTS)}\n{ENDS}{after}")


def rendered(results: Path) -> str:
    """Write kept results as in docs/performance.md."""
    kept = json.loads(results.read_text())
    facts = ", ".join(f"{name}: {value}" for name, value in kept["machine"].items())
    return "\n".join(
        [f"The machine: {facts}.\n", *(Table.read(table).markdown() for table in kept["tables"])]
    )


if __name__ == "__main__":
    main()
