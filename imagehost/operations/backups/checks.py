"""What the last check of each backup found: kept beside the backups, which themselves never change."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from imagehost.extensions import settings
from imagehost.operations.backups.catalogue import Backup, folder_errors

FOLDER = ".checks"


@dataclass(frozen=True, slots=True)
class Check:
    """When a backup was checked, what is wrong in words, and which of its files are damaged or gone."""

    checked_at: str
    problems: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)


def keep(backup: Backup, check: Check) -> None:
    """Remember a check, if the backup is one of this host's."""
    if backup.path.parent != settings.backup_dir.resolve():
        return
    with folder_errors():
        place(backup).parent.mkdir(exist_ok=True)
        draft = place(backup).with_suffix(".draft")
        draft.write_text(json.dumps(asdict(check)))
        draft.replace(place(backup))


def last(backup: Backup) -> Check | None:
    """Recall the last check of a backup; None where there was none."""
    try:
        return Check(**json.loads(place(backup).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def damaged(backup: Backup) -> list[str]:
    """Recall which files of a backup are damaged."""
    check = last(backup)
    return check.damaged if check else []


def forget(backup: Backup) -> None:
    """Drop the check of a backup that is gone."""
    place(backup).unlink(missing_ok=True)


def place(backup: Backup) -> Path:
    """Say where the check of a backup is kept."""
    return settings.backup_dir / FOLDER / f"{backup.name}.json"
