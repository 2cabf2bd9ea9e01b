"""Which backups to keep: of each of the last days, weeks and months the newest one."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from imagehost.failures import Failure
from imagehost.services.backups import catalogue, checks, manifest
from imagehost.services.backups.catalogue import Backup

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rule:
    """How many days, weeks and months with a backup keep one."""

    daily: int
    weekly: int
    monthly: int


PERIODS: dict[str, Callable[[Backup], str]] = {
    "daily": lambda backup: backup.made_at.strftime("%Y-%m-%d"),
    "weekly": lambda backup: backup.made_at.strftime("%G-W%V"),
    "monthly": lambda backup: backup.made_at.strftime("%Y-%m"),
}


def prune(rule: Rule, *, dry_run: bool = False) -> list[Backup]:
    """Remove the backups that a rule does not keep, oldest first, and give them. Raises Failure, Busy."""
    with catalogue.writing():
        found = catalogue.every()
        kinds = ([b for b in found if b.database_only], [b for b in found if not b.database_only])
        kept = set().union(*(keep(kind, rule) for kind in kinds))
        gone = [backup for backup in found if backup not in kept]
        for backup in gone if not dry_run else []:
            catalogue.remove(backup.path)
            checks.forget(backup)
            log.info("backup pruned", extra={"backup": backup.name})
        return gone


def keep(backups: Iterable[Backup], rule: Rule) -> set[Backup]:
    """Choose what stays; one that is known to be damaged takes no sound one's place."""
    newest_first = sorted(backups, key=lambda backup: backup.name, reverse=True)
    sound = [backup for backup in newest_first if is_sound(backup)]
    # Whatever the rule says: the newest that restores, and the newest at all.
    kept = {*sound[:1], *newest_first[:1]}
    for name, period in PERIODS.items():
        newest: dict[str, Backup] = {}
        for backup in sound:
            newest.setdefault(period(backup), backup)
        kept |= set(list(newest.values())[: getattr(rule, name)])
    return kept


def is_sound(backup: Backup) -> bool:
    """Tell whether nothing bad is known of a backup."""
    check = checks.last(backup)
    if check is not None:
        return not check.problems
    try:
        return manifest.read(backup).complete
    except Failure:
        return False
