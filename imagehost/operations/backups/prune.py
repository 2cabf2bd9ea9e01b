"""Remove old backups. Keep the newest of each of the last days, weeks and months, and all recent ones."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from imagehost.domain.failures import Failure
from imagehost.host import Host
from imagehost.operations.backups.catalogue import Backup, changing_backups, list_backups, remove_backup
from imagehost.operations.backups.manifest import read_manifest
from imagehost.operations.backups.verifications import last_verification, remove_verification

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KeepRule:
    """The rule for the backups to keep.

    One backup is kept for each of the last ``daily`` days, ``weekly`` weeks and ``monthly`` months that have
    backups. All backups that were made less than ``hours`` before the newest one are kept, too: otherwise the
    safety backup of a restore at night could be removed after the scheduled backup an hour later.
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


def prune_backups(host: Host, rule: KeepRule, *, dry_run: bool = False) -> list[Backup]:
    """Remove the backups that a rule does not keep, and return them, oldest first. Raises Failure or Busy."""
    with changing_backups(host):
        backups = list_backups(host)
        # Dumps of the database alone and whole backups do not replace each other.
        dumps, whole = ([one for one in backups if one.database_only is only] for only in (True, False))
        kept = choose_kept(host, dumps, rule) | choose_kept(host, whole, rule)
        removed = [backup for backup in backups if backup not in kept]
        for backup in removed if not dry_run else []:
            remove_backup(backup.path)
            remove_verification(host, backup)
            log.info("backup pruned", extra={"backup": backup.name})
        return removed


def choose_kept(host: Host, backups: Iterable[Backup], rule: KeepRule) -> set[Backup]:
    """Return the backups to keep. A damaged backup never replaces a whole one."""
    newest_first = sorted(backups, key=lambda backup: backup.name, reverse=True)
    whole = [backup for backup in newest_first if is_whole(host, backup)]
    verified = [backup for backup in whole if last_verification(host, backup)]
    # Always keep the newest verified backup, the newest one that may be whole, and the newest one of all.
    kept = {*verified[:1], *whole[:1], *newest_first[:1]}
    kept |= {backup for backup in newest_first if is_recent(backup, newest_first[0], rule)}
    for name, period in PERIODS.items():
        newest: dict[str, Backup] = {}
        # A period without a whole backup keeps its newest one.
        for backup in [*whole, *newest_first]:
            newest.setdefault(period(backup), backup)
        last = sorted(newest, reverse=True)[: getattr(rule, name)]
        kept |= {newest[period_name] for period_name in last}
    return kept


def is_recent(backup: Backup, newest: Backup, rule: KeepRule) -> bool:
    """Tell whether a backup was made less than ``rule.hours`` before the newest one."""
    return newest.made_at - backup.made_at < timedelta(hours=rule.hours)


def is_whole(host: Host, backup: Backup) -> bool:
    """Tell whether a backup is complete and undamaged, as far as that is known."""
    verification = last_verification(host, backup)
    try:
        lost_before = read_manifest(backup).problems()
    except Failure:
        return False
    return verification is None or set(verification.problems) <= set(lost_before)
