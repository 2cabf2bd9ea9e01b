"""The manifest of a backup: ``manifest.json``, or the last line of a standalone dump.

A manifest is signed, so that a host recognizes its own backups. The key is derived from the secret key. The
manifest has the checksum of ``SHA256SUMS`` or of the dump, so the signature covers every file.

A manifest is untrusted, so the form of each value is checked before it is used.
"""

import hmac
import json
import platform
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from typing import Any

from imagehost.domain.failures import Failure
from imagehost.domain.version import VERSION
from imagehost.host import Host
from imagehost.operations.backups.catalogue import Backup, backup_errors
from imagehost.operations.dumps.untrusted_files import (
    BACKUP_FILENAME,
    DIGEST,
    read_last_line,
    read_small_file,
)

MANIFEST_FORMAT = 2
UNSIGNED_FORMAT = 1
"""The format of backups that were made before manifests were signed."""
MANIFEST = "manifest.json"
DUMP_COMMENT = b"-- imagehost "
"""The prefix of the last line of a standalone dump: a comment in SQL."""
LARGEST = 32 * 1024 * 1024
"""The maximum bytes of a manifest: enough for the names of a million images that the storage has lost."""
MOST_BRACKETS = 100
"""The maximum number of lists and objects in a manifest; ours has five. Nested lists take much memory."""
LONGEST_TEXT = 1024
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
REVISION = re.compile(r"[A-Za-z0-9_]{1,64}")
SIGNATURE_LABEL = b"imagehost: signature of a backup's manifest"
"""Makes this key differ from other keys that are derived from the same secret."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The description of a backup.

    Args:
        made_at: the time of the database's state in the backup, as 2026-11-29T02:10:00Z.
        versions: versions of imagehost, Python and the database.
        database: ``sqlite`` or ``postgresql``.
        revision: the revision of the tables.
        counts: number of rows by table.
        bytes: size of all images.
        sha256: checksum of ``SHA256SUMS``, or of a standalone dump without its last line.
        copied: number of images whose bytes were copied.
        linked: number of images whose bytes an earlier backup shares.
        missing: filenames of images that had a row and no bytes when the backup was made.
        damaged: filenames of images whose bytes did not match their row.
        format: version of this format.
        signature: see ``sign``.
    """

    made_at: str
    versions: dict[str, str]
    database: str
    revision: str
    counts: dict[str, int]
    bytes: int
    sha256: str
    copied: int = 0
    linked: int = 0
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    format: int = MANIFEST_FORMAT
    signature: str | None = None

    def as_json(self, indent: int | None = None) -> str:
        """Return the manifest as JSON."""
        return json.dumps(asdict(self), indent=indent)

    def problems(self) -> list[str]:
        """Return descriptions of the images that were lost or damaged before the backup was made."""
        missing = [f"images/{name[:2]}/{name} had no bytes in the storage" for name in self.missing]
        return missing + [f"images/{name[:2]}/{name} was damaged in the storage" for name in self.damaged]


class Origin(Enum):
    """The host that made a backup, as far as the signature shows it. The value is for scripts."""

    HERE = "this_host"
    ELSEWHERE = "another_host"
    UNSIGNED = "unsigned"

    @property
    def text(self) -> str:
        """The origin in words."""
        return ORIGINS[self]


ORIGINS = {
    Origin.HERE: "made by this host",
    Origin.ELSEWHERE: (
        "made by another host, or by this host with another SECRET_KEY, or changed after it was made"
    ),
    Origin.UNSIGNED: "not signed: made by an older version of imagehost, or changed after it was made",
}


def software_versions(database: str) -> dict[str, str]:
    """Return the versions of the software that makes a backup."""
    return {"imagehost": VERSION, "python": platform.python_version(), "database": database}


def sign(host: Host, manifest: Manifest) -> Manifest:
    """Return a manifest with the signature of a host."""
    return replace(manifest, signature=signature_of(host, manifest))


def signature_of(host: Host, manifest: Manifest) -> str:
    """Return the signature of all values of a manifest."""
    secret = host.settings.secret_key.encode(errors="surrogateescape")
    key = hmac.digest(secret, SIGNATURE_LABEL, "sha256")
    text = json.dumps({**asdict(manifest), "signature": None}, sort_keys=True)
    return hmac.digest(key, text.encode(), "sha256").hex()


def origin_of(host: Host, manifest: Manifest) -> Origin:
    """Return the origin of a backup, by its signature."""
    if manifest.signature is None:
        # A backup of the current format always has a signature when it is made.
        return Origin.UNSIGNED if manifest.format == UNSIGNED_FORMAT else Origin.ELSEWHERE
    made_here = hmac.compare_digest(manifest.signature, signature_of(host, manifest))
    return Origin.HERE if made_here else Origin.ELSEWHERE


def read_manifest(backup: Backup) -> Manifest:
    """Read the manifest of a backup. Raises Failure if it cannot be read."""
    with backup_errors():
        try:
            return parse_manifest(backup)
        except (ValueError, TypeError, KeyError) as error:
            file = "its last line" if backup.database_only else MANIFEST
            raise Failure(f"{backup.name} is damaged: {file} cannot be read.") from error


def parse_manifest(backup: Backup) -> Manifest:
    """Parse a manifest and check its form. Raises ValueError, TypeError, KeyError or Failure."""
    if backup.database_only:
        text = read_last_line(backup.path, DUMP_COMMENT)[1]
    else:
        text = read_small_file(backup.path, MANIFEST, LARGEST).decode()
    if text.count("{") + text.count("[") > MOST_BRACKETS:
        raise ValueError("too many brackets")
    values: dict[str, Any] = json.loads(text)
    if is_number(values["format"]) and values["format"] > MANIFEST_FORMAT:
        raise Failure(f"{backup.name} was made by a newer version of imagehost. Use that version.")
    wrong = [name for name, is_valid in FORMS.items() if name in values and not is_valid(values[name])]
    if wrong:
        raise ValueError(f"wrong values of {', '.join(wrong)}")
    return Manifest(**values)


def is_number(value: object) -> bool:
    """Tell whether a value is a count. True and False are not, although Python treats them as numbers."""
    return type(value) is int and 0 <= value < 2**63


def is_filenames(value: object) -> bool:
    """Tell whether a value is a list of filenames of images."""
    return isinstance(value, list) and all(matches(BACKUP_FILENAME)(name) for name in value)


def is_printable(value: object) -> bool:
    """Tell whether a value is text without control characters and codes for a terminal."""
    return isinstance(value, str) and value.isprintable() and len(value) < LONGEST_TEXT


def is_dict_of(is_valid: Callable[[object], bool], *keys: str) -> Callable[[object], bool]:
    """Return a function that tells whether a value is a dict from texts to valid values, with some keys."""
    return lambda value: (
        isinstance(value, dict)
        and all(is_printable(name) and is_valid(each) for name, each in value.items())
        and set(keys) <= set(value)
    )


def matches(form: re.Pattern[str]) -> Callable[[object], bool]:
    """Return a function that tells whether a value is text of a form."""
    return lambda value: isinstance(value, str) and form.fullmatch(value) is not None


FORMS: dict[str, Callable[[object], bool]] = {
    "made_at": matches(TIME),
    "versions": is_dict_of(is_printable),
    "database": matches(re.compile("sqlite|postgresql")),
    "revision": matches(REVISION),
    "counts": is_dict_of(is_number, "images"),
    "bytes": is_number,
    "sha256": matches(DIGEST),
    "copied": is_number,
    "linked": is_number,
    "missing": is_filenames,
    "damaged": is_filenames,
    "format": is_number,
    "signature": lambda value: value is None or matches(DIGEST)(value),
}
