"""Run benchmarks: ``python -m benchmarks [name…]``, or ``make bench``; see docs/performance.md.

Print the tables, and write them to benchmarks/results.json. With ``--document``, also write them to
docs/performance.md.
"""

import argparse
import importlib
import json
import shutil
import sys
from pathlib import Path

from benchmarks import hosts
from benchmarks.measuring import Table

NAMES = [
    "starting", "uploads", "stages", "serving", "thumbnails", "hostile", "slow", "crowds", "lists", "memory",
    "growth", "backups",
]  # fmt: skip
"""The names of all benchmarks, in the order in which they run."""
RESULTS = Path(__file__).parent / "results.json"
DOCUMENT = Path(__file__).parent.parent / "docs" / "performance.md"
DOCUMENTED = DOCUMENT.with_suffix(".json")
BEGINS, ENDS = "<!-- tables -->", "<!-- end of tables -->"


def main() -> None:
    """Run the benchmarks that the arguments name, or all of them."""
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
    missed = []
    for name in asked.names or NAMES:
        tables = importlib.import_module(f"benchmarks.{name}").measure()
        for table in tables:
            print(table.markdown(), flush=True)
            missed += [f"{table.title}: {row.what}" for row in table.rows if not row.is_met]
        keep(name, tables)
    if asked.document:
        write_document()
    print("\n".join(["Missed:", *missed] if missed else ["All targets are met."]))


def keep(name: str, tables: list[Table]) -> None:
    """Save the results of a benchmark and the facts of the machine. Keep the results of other benchmarks."""
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    kept[name] = {"machine": hosts.machine(), "tables": [table.json() for table in tables]}
    RESULTS.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


def write_document() -> None:
    """Write the last tables to docs/performance.md, and the same results as JSON to docs/performance.json."""
    shutil.copyfile(RESULTS, DOCUMENTED)
    before, _, rest = DOCUMENT.read_text().partition(BEGINS)
    after = rest.partition(ENDS)[2]
    DOCUMENT.write_text(f"{before}{BEGINS}\n\n{rendered(DOCUMENTED)}\n{ENDS}{after}")


def rendered(results: Path) -> str:
    """Return saved results as in docs/performance.md, with the facts of each machine before its tables."""
    kept = json.loads(results.read_text())
    lines: list[str] = []
    machine = None
    for one in (kept[name] for name in NAMES if name in kept):
        if one["machine"] != machine:
            machine = one["machine"]
            facts = ", ".join(f"{name}: {value}" for name, value in machine.items())
            lines.append(f"The machine: {facts}.\n")
        lines += [Table.read(table).markdown() for table in one["tables"]]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
