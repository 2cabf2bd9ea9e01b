"""Changes of a backup that an attacker may make."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

from imagehost.operations.backups.catalogue import Backup
from imagehost.operations.backups.manifest import UNSIGNED_FORMAT

AT_ONCE = "BEGIN TRANSACTION;\n"
"""The beginning of a SQLite dump."""
BEFORE_DATA = "\nCOPY public.image_days"
IN_DATA = " FROM stdin;\n"
AT_END = "\n--\n-- PostgreSQL database dump complete\n"


def reseal(backup: Backup, **facts: object) -> None:
    """Write checksums and manifest again, like an attacker without the key."""
    files = sorted(path for path in backup.path.rglob("*") if path.is_file())
    listed = [path for path in files if path.name not in {"SHA256SUMS", "manifest.json"}]
    sums = "".join(f"{hashed(path)}  {path.relative_to(backup.path)}\n" for path in listed)
    (backup.path / "SHA256SUMS").write_text(sums)
    told = json.loads((backup.path / "manifest.json").read_text())
    told |= {"sha256": hashed(backup.path / "SHA256SUMS"), **facts}
    (backup.path / "manifest.json").write_text(json.dumps(told))


def reseal_manifest(backup: Backup, change: Callable[[dict[str, object]], object]) -> None:
    """Change the facts in the manifest."""
    told = json.loads((backup.path / "manifest.json").read_text())
    change(told)
    (backup.path / "manifest.json").write_text(json.dumps(told))


def hashed(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def insert(backup: Backup, text: str, before: str) -> None:
    """Insert text into a dump before a place, and make the checksums fit."""
    dump = backup.dump.read_text()
    assert before in dump
    backup.dump.write_text(dump.replace(before, text + before, 1))
    reseal(backup)


def unsign(backup: Backup) -> None:
    """Change a backup into one without a signature, as older versions made them."""

    def strip(told: dict[str, object]) -> None:
        del told["signature"]
        told["format"] = UNSIGNED_FORMAT

    reseal_manifest(backup, strip)


def replace_by(path: Path, make: Callable[[Path], object]) -> None:
    """Replace a file with another kind of entry."""
    path.unlink()
    make(path)


def as_fifo(path: Path) -> None:
    os.mkfifo(path)


def as_link(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def as_device(path: Path) -> None:
    # A device from which NUL bytes can be read without end.
    path.symlink_to("/dev/zero")
