"""Store the result of the last verification of each backup.

The results are in a folder next to the backups, since a backup itself never changes.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from imagehost.files.atomic_files import replacing
from imagehost.host import Host
from imagehost.operations.backups.catalogue import Backup, backup_errors

VERIFICATIONS_FOLDER = ".checks"


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of a verification.

    Args:
        checked_at: the time, as 2026-11-29T02:10:00Z.
        problems: the problems, in words.
        damaged: paths of files in the backup that are damaged or missing.
    """

    checked_at: str
    problems: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)


def keep_verification(host: Host, backup: Backup, verification: Verification) -> None:
    """Write the result of a verification, if the backup is in the host's folder. Raises Failure."""
    if backup.path.parent != host.settings.backup_dir.resolve():
        return
    with backup_errors():
        path = verification_path(host, backup)
        path.parent.mkdir(exist_ok=True)
        with replacing(path) as file:
            file.write(json.dumps(asdict(verification)).encode())


def last_verification(host: Host, backup: Backup) -> Verification | None:
    """Read the result of the last verification of a backup; None if there was none."""
    try:
        return Verification(**json.loads(verification_path(host, backup).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def remove_verification(host: Host, backup: Backup) -> None:
    """Remove the result of a backup that was removed."""
    verification_path(host, backup).unlink(missing_ok=True)


def verification_path(host: Host, backup: Backup) -> Path:
    """Return the path of the file that has the result for a backup."""
    return host.settings.backup_dir / VERIFICATIONS_FOLDER / f"{backup.name}.json"
