"""Which backups to keep: the newest of each of the last days, weeks and months, and all of the last hours."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from imagehost.domain.failures import Failure
from imagehost.operations.backups import catalogue, checks, making, manifest
from imagehost.operations.backups.catalogue import Backup

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rule:
    """How many days, weeks and months with a backup keep one; within ``hours`` of the newest all are kept.

    The safety backup of a restore at night must not go with the backup that is made an hour later.
    """

    daily: int
    weekly: int
    monthly: int
    hours: int = 0


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
    # Whatever the rule says: the newest that is known to restore, the newest that may, and the newest at all.
    verified = [backup for backup in sound if checks.last(backup)]
    kept = {*verified[:1], *sound[:1], *newest_first[:1]}
    kept |= {backup for backup in newest_first if is_recent(backup, newest_first[0], rule)}
    for name, period in PERIODS.items():
        newest: dict[str, Backup] = {}
        # Where none of a period is sound, its newest stands in.
        for backup in [*sound, *newest_first]:
            newest.setdefault(period(backup), backup)
        last = sorted(newest, reverse=True)[: getattr(rule, name)]
        kept |= {newest[period_name] for period_name in last}
    return kept


def is_recent(backup: Backup, newest: Backup, rule: Rule) -> bool:
    """Tell whether a backup was made shortly before the newest."""
    return newest.made_at - backup.made_at < timedelta(hours=rule.hours)


def is_sound(backup: Backup) -> bool:
    """Tell whether all is there that was there when the backup was made, as far as is known."""
    check = checks.last(backup)
    try:
        known = making.problems_of(manifest.read(backup))
    except Failure:
        return False
    return check is None or set(check.problems) <= set(known)
