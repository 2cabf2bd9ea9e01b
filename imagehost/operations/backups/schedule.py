"""Back up every day: make a backup, verify it, and remove old ones."""

import json
import logging
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from threading import Event

from imagehost.domain.errors import ImageHostError, Unavailable
from imagehost.domain.failures import Busy, Failure
from imagehost.files.atomic_files import replacing
from imagehost.host import Host
from imagehost.operations.backups.catalogue import backup_errors, list_backups
from imagehost.operations.backups.create import create_backup
from imagehost.operations.backups.manifest import TIME_FORMAT
from imagehost.operations.backups.prune import KeepRule, prune_backups
from imagehost.operations.backups.verifications import last_verification
from imagehost.operations.backups.verify import verify_backup

STATUS = "schedule.json"
SECONDS_BETWEEN_CLOCK_CHECKS = 20
"""Seconds between two checks of the clock, which may be changed, or may stop while the machine sleeps."""
BACKUP_GRACE = timedelta(hours=6)
"""How long after its scheduled time a backup may be missing before this counts as a failure."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ScheduledBackup:
    """The result of a scheduled backup.

    Args:
        ended_at: the time, as 2026-11-29T02:10:00Z.
        backup: the name of the backup; None if none was made.
        problem: the problem, in words; None if everything succeeded.
        again: whether to try again soon, because another command was running or a server did not answer.
    """

    ended_at: str
    backup: str | None
    problem: str | None
    again: bool = False


class BackupSchedule:
    """Makes a backup once a day, at a time in this machine's time zone, or at once if a backup is overdue."""

    def __init__(self, host: Host, at: time, rule: KeepRule) -> None:
        self.host = host
        self.at = at
        self.rule = rule
        self.last = read_last_result(host)

    def run(self, stop: Event) -> None:
        """Back up every day until ``stop`` is set."""
        log.info("backups scheduled", extra={"at": self.at.strftime("%H:%M")})
        tried: datetime | None = None
        while not stop.is_set():
            due = last_due(self.at, self.host.clock())
            # After a failure, try again on the next day; if the backup only had to wait, try again soon.
            if due != tried and not is_backed_up_since(self.host, due):
                self.last = run_scheduled_backup(self.host, self.rule)
            if self.last is None or not self.last.again:
                tried = due
            stop.wait(SECONDS_BETWEEN_CLOCK_CHECKS)

    def problem(self) -> str | None:
        """Return the problem that a person must act on, or None if there is no problem."""
        if self.last and self.last.problem and not is_mended_since(self.host, self.last.ended_at):
            return self.last.problem
        due = last_due(self.at, self.host.clock())
        overdue = self.host.clock() > due + BACKUP_GRACE and not is_backed_up_since(self.host, due)
        return f"No backup has been made since {due:%Y-%m-%d %H:%M}." if overdue else None


def run_scheduled_backup(host: Host, rule: KeepRule) -> ScheduledBackup:
    """Make a backup, verify it, and remove old ones. Never raises; failures are part of the result."""
    result = try_backup(host, rule)
    try:
        write_last_result(host, result)
    except Failure as error:
        log.error("result of scheduled backup not saved", extra={"reason": str(error)})  # noqa: TRY400  # one line
        return ScheduledBackup(result.ended_at, result.backup, result.problem or str(error))
    return result


def try_backup(host: Host, rule: KeepRule) -> ScheduledBackup:
    """Make a backup, verify it, and remove old ones, like ``run_scheduled_backup``. Return the result."""
    name = None
    try:
        new = create_backup(host)
        name = new.backup.name
        problems = verify_backup(host, new.backup)
        # Images that the storage has lost must not prevent that old backups are removed.
        if set(problems) <= set(new.manifest.problems()):
            prune_backups(host, rule)
    except (Busy, Unavailable) as error:
        log.warning("scheduled backup postponed", extra={"backup": name or "-", "reason": str(error)})
        return ScheduledBackup(written_now(host), name, str(error), again=name is None)
    except (Failure, ImageHostError) as error:
        return failed(host, name, str(error))
    except Exception as error:
        log.exception("unexpected error in scheduled backup")
        return failed(host, name, str(error) or type(error).__name__)
    if problems:
        return failed(host, name, f"Problems of {name}: {len(problems)}. The first one: {problems[0]}")
    return ScheduledBackup(written_now(host), name, None)


def failed(host: Host, name: str | None, problem: str) -> ScheduledBackup:
    """Log a failure, and return it as a result."""
    log.error("scheduled backup failed", extra={"backup": name or "-", "reason": problem})
    return ScheduledBackup(written_now(host), name, problem)


def written_now(host: Host) -> str:
    """Return the current time as text."""
    return host.clock().strftime(TIME_FORMAT)


def last_due(at: time, now: datetime) -> datetime:
    """Return the last time at which a backup was due."""
    here = now.astimezone()
    today = datetime.combine(here.date(), at).astimezone()
    return today if today <= here else datetime.combine(here.date() - timedelta(days=1), at).astimezone()


def is_backed_up_since(host: Host, due: datetime) -> bool:
    """Tell whether there is a backup of images that was made after a time."""
    try:
        times = [backup.made_at for backup in list_backups(host) if not backup.database_only]
    except Failure:
        # The next backup will fail, and its result contains the reason.
        return False
    # A backup with a time in the future does not count: the clock was wrong when it was made.
    return any(due <= moment <= host.clock() for moment in times)


def is_mended_since(host: Host, moment: str) -> bool:
    """Tell whether a backup of images was made after a time and is verified to be whole."""
    try:
        later = [backup for backup in list_backups(host) if backup.made_at.strftime(TIME_FORMAT) >= moment]
    except Failure:
        return False
    found = [last_verification(host, backup) for backup in later if not backup.database_only]
    return any(verification and not verification.problems for verification in found)


def write_last_result(host: Host, result: ScheduledBackup) -> None:
    """Write the result of a scheduled backup, so that it survives a restart. Raises Failure."""
    with backup_errors():
        host.settings.backup_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with replacing(status_path(host)) as file:
            file.write(json.dumps(asdict(result)).encode())


def read_last_result(host: Host) -> ScheduledBackup | None:
    """Read the result of the last scheduled backup; None if there was none."""
    try:
        return ScheduledBackup(**json.loads(status_path(host).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def status_path(host: Host) -> Path:
    """Return the path of the file that has the result of the last scheduled backup."""
    return host.settings.backup_dir / STATUS
