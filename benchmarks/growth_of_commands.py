"""How the cost of a clean-up, of backups and of their verification depends on the number of images.

These commands process each image, so the best possible result is a constant cost for each image.
"""

import math
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from statistics import linear_regression

from benchmarks import backups, hosts
from benchmarks.measuring import Table, timed
from imagehost.host import Host
from imagehost.operations.backups.create import create_backup
from imagehost.operations.cleanup import CleanupOptions, clean_up

NUMBERS = (1000, 4000)
SIZE = 4000
ROUNDS = 3
MOST = 1.1


def measure() -> list[Table]:
    """Return a table for each database."""
    return [commands(kind) for kind in hosts.DATABASES]


def commands(kind: str) -> Table:
    """Run the commands on storages of each size in turn, and return the table of a database."""
    with ExitStack() as held:
        filled = {number: held.enter_context(backups.filled(kind, number, SIZE)) for number in NUMBERS}
        found = []
        for turn in range(ROUNDS):
            order = NUMBERS[:: -1 if turn % 2 else 1]
            found.append({number: one_round(filled[number]) for number in order})
    table = Table(f"Growth of commands with the number of images, of 4 kB each ({kind})")
    for name in found[0][NUMBERS[0]]:
        for number in NUMBERS:
            each = [1e6 * one[number][name] / number for one in found]
            table.add(f"{name}, {number:,} images", each, "µs an image")
        slopes = [exponent({number: one[number][name] for number in NUMBERS}) for one in found]
        table.add(f"{name}: k, where the cost is as images^k", slopes, most=MOST)
    return table


def one_round(host: Host) -> dict[str, float]:
    """Run each command once. Return the seconds of each, without the time that its start takes."""
    acts: dict[str, Callable[[], object]] = {
        "`flask cleanup --dry-run`": lambda: clean_up(host, CleanupOptions(dry_run=True)),
        "the first `flask backup create`": lambda: create_backup(host),
        "`flask backup create` after 10 new images": lambda: create_backup(host),
        "`flask backup verify`": lambda: backups.verify(host),
    }
    found = {}
    for name, act in acts.items():
        if "new" in name:
            backups.add(host, backups.NEW, SIZE)
        found[name] = timed(act)
    backups.remove(host.settings.backup_dir)
    return found


def exponent(costs: Mapping[int, float]) -> float:
    """Return the exponent k of cost ~ number^k, by least squares."""
    return linear_regression([math.log(number) for number in costs], [*map(math.log, costs.values())]).slope
