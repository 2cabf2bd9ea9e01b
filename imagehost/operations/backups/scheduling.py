"""A backup every night: made, verified, and old ones pruned. One that fails is told; the next tries again."""

import json
import logging
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from threading import Event

from imagehost.domain.errors import ImageHostError, Unavailable
from imagehost.domain.failures import Busy, Failure
from imagehost.extensions import settings
from imagehost.operations.backups import catalogue, checks, making, pruning, verifying
from imagehost.operations.backups.catalogue import folder_errors
from imagehost.operations.backups.pruning import Rule

STATUS = "schedule.json"
SECONDS_BETWEEN_LOOKS = 20
"""At the clock, which may be set, or stand still while the machine sleeps."""
GRACE = timedelta(hours=6)
"""How long after its time a night's backup may take, before its absence counts as a failure."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Night:
    """How a night went: ``problem`` is None where all was well."""

    ended_at: str
    backup: str | None
    problem: str | None
    again: bool = False
    """Whether it is to be tried again soon: another command was running, or a server was away."""


class Schedule:
    """Backs up at a time of each day, by this machine's clock; at once where one is due already."""

    def __init__(self, at: time, rule: Rule) -> None:
        self.at = at
        self.rule = rule
        self.last = last_night()

    def run(self, stop: Event) -> None:
        """Go on until told to stop."""
        log.info("backups scheduled", extra={"at": self.at.strftime("%H:%M")})
        tried: datetime | None = None
        while not stop.is_set():
            due = last_due(self.at)
            # A night that failed is tried again at the next time; one that only had to wait, soon.
            if due != tried and not done_since(due):
                self.last = night(self.rule)
            if self.last is None or not self.last.again:
                tried = due
            stop.wait(SECONDS_BETWEEN_LOOKS)

    def problem(self) -> str | None:
        """Say what somebody has to look at; None where all is well."""
        if self.last and self.last.problem and not mended_since(self.last.ended_at):
            return self.last.problem
        due = last_due(self.at)
        overdue = datetime.now(UTC) > due + GRACE and not done_since(due)
        return f"There is no backup since {due:%Y-%m-%d %H:%M}." if overdue else None


def night(rule: Rule) -> Night:
    """Make a backup, verify it, prune the others; whatever happens is told, not raised."""
    how = attempt(rule)
    try:
        keep(how)
    except Failure as error:
        log.error("night not noted", extra={"reason": str(error)})  # noqa: TRY400  # no fault of ours
        return Night(how.ended_at, how.backup, how.problem or str(error))
    return how


def attempt(rule: Rule) -> Night:
    """Do a night's work."""
    name = None
    try:
        made = making.create()
        name = made.backup.name
        problems = verifying.verify(made.backup)
        # What the storage lost is somebody's to look at, and no reason to keep all that there is for ever.
        if set(problems) <= set(making.problems_of(made.manifest)):
            pruning.prune(rule)
    except (Busy, Unavailable) as error:
        log.warning("night put off", extra={"backup": name or "-", "reason": str(error)})
        return Night(now(), name, str(error), again=name is None)
    except (Failure, ImageHostError) as error:
        return failed(name, str(error))
    except Exception as error:
        log.exception("fault of a night")
        return failed(name, str(error) or type(error).__name__)
    if problems:
        return failed(name, f"{name}: {problems[0]} (of {len(problems)} problems).")
    return Night(now(), name, None)


def failed(name: str | None, problem: str) -> Night:
    """Log that a night failed, and why."""
    log.error("night failed", extra={"backup": name or "-", "reason": problem})
    return Night(now(), name, problem)


def now() -> str:
    """Write this moment."""
    return written(datetime.now(UTC))


def written(moment: datetime) -> str:
    """Write a moment, so that a later one is sorted behind it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def last_due(at: time, moment: datetime | None = None) -> datetime:
    """Say when the last backup was due."""
    here = (moment or datetime.now(UTC)).astimezone()
    today = datetime.combine(here.date(), at).astimezone()
    return today if today <= here else datetime.combine(here.date() - timedelta(days=1), at).astimezone()


def done_since(due: datetime) -> bool:
    """Tell whether there is a backup of images since then."""
    try:
        made = [backup.made_at for backup in catalogue.every() if not backup.database_only]
    except Failure:
        # A folder that cannot be read has none; trying to make one tells why.
        return False
    # One of the future is none of this night: the clock was wrong once.
    return any(due <= moment <= datetime.now(UTC) for moment in made)


def mended_since(moment: str) -> bool:
    """Tell whether somebody has made a backup of images since then, and found it whole."""
    try:
        later = [backup for backup in catalogue.every() if written(backup.made_at) >= moment]
    except Failure:
        return False
    found = [checks.last(backup) for backup in later if not backup.database_only]
    return any(check and not check.problems for check in found)


def keep(how: Night) -> None:
    """Remember how a night went, also over a restart. Raises Failure."""
    with folder_errors():
        settings.backup_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = settings.backup_dir / f"{STATUS}.draft"
        draft.write_text(json.dumps(asdict(how)))
        draft.replace(settings.backup_dir / STATUS)


def last_night() -> Night | None:
    """Recall how the last night went."""
    try:
        return Night(**json.loads((settings.backup_dir / STATUS).read_text()))
    except (OSError, ValueError, TypeError):
        return None
