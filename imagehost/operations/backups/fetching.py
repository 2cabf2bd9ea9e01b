"""Fetching the bytes of images into a backup: linked from an earlier one, or copied from the storage."""

import errno
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imagehost.domain.errors import NotFound, Unavailable
from imagehost.domain.failures import Failure
from imagehost.extensions import storage
from imagehost.files import hashing
from imagehost.operations import parallel
from imagehost.operations.backups import catalogue, checks, manifest, reading, signing
from imagehost.operations.backups.signing import Origin
from imagehost.operations.backups.snapshots import ImageRow

NO_LINKS = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOENT}
"""What says that a file is to be copied instead: other file systems, too many links, gone meanwhile."""


@dataclass(frozen=True, slots=True)
class Former:
    """The backup before this one, and which of its images are not to be trusted."""

    path: Path
    damaged: set[str]
    trusting: bool

    @classmethod
    def newest(cls, *, trusting: bool) -> "Former | None":
        """Find the newest backup that has images and can be read."""
        for backup in reversed(catalogue.every()):
            try:
                facts = None if backup.database_only else manifest.read(backup)
            except Failure:
                continue
            if facts:
                found = {path.rpartition("/")[2] for path in checks.damaged(backup)}
                # Unless this host made the backup, its files are hashed before a new backup links to them.
                made_here = signing.origin(facts) is Origin.HERE
                return cls(backup.path, found | set(facts.damaged), trusting and made_here)
        return None

    def link(self, row: ImageRow, target: Path) -> bool:
        """Link an image of it; tell whether that could be done."""
        if row.filename in self.damaged:
            return False
        try:
            with reading.open_file(self.path, f"images/{row.path}") as source:
                if os.fstat(source.fileno()).st_size != row.size:
                    return False
                if not self.trusting and hashing.sha256(source) != row.sha256:
                    return False
            os.link(self.path / "images" / row.path, target, follow_symlinks=False)
        except reading.NotRegular:
            return False
        except OSError as error:
            if error.errno in NO_LINKS:
                return False
            raise
        return True


@dataclass(frozen=True, slots=True)
class Fetched:
    """An image of the backup; ``digest`` is None where there are no bytes."""

    row: ImageRow
    digest: str | None
    linked: bool = False


@dataclass(slots=True)
class Fetching:
    """Fills the folder ``images`` of a backup, and counts."""

    folder: Path
    former: Former | None
    copied: int = 0
    linked: int = 0
    bytes: int = 0
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)

    def all(self, rows: Iterable[ImageRow]) -> Iterator[tuple[str, str | None]]:
        """Fetch all images; give the path and hash of each, or None where there are no bytes."""
        self.folder.mkdir()
        for got in parallel.each(self.fetch, rows):
            self.count(got)
            yield got.row.path, got.digest

    def fetch(self, row: ImageRow) -> Fetched:
        """Get the bytes of one image. What the storage no longer has, an earlier backup may."""
        target = self.folder / row.path
        target.parent.mkdir(exist_ok=True)
        if self.former and self.former.link(row, target):
            return Fetched(row, row.sha256, linked=True)
        try:
            with storage.open_retained(row.filename) as source, target.open("xb") as file:
                os.fchmod(file.fileno(), 0o640)
                return Fetched(row, hashing.copy(source, file))
        except NotFound:
            return Fetched(row, None)
        except Unavailable:
            if not storage.is_ready():
                raise
            # This file alone cannot be read.
            target.unlink(missing_ok=True)
            return Fetched(row, "")

    def count(self, got: Fetched) -> None:
        """Add one image to the counts."""
        if got.digest is None:
            self.missing.append(got.row.filename)
        elif got.digest != got.row.sha256:
            self.damaged.append(got.row.filename)
        if got.digest:
            self.linked += got.linked
            self.copied += not got.linked
            self.bytes += got.row.size

    def facts(self) -> dict[str, Any]:
        """Give what the manifest tells of it."""
        return {
            "copied": self.copied,
            "linked": self.linked,
            "bytes": self.bytes,
            "missing": self.missing,
            "damaged": self.damaged,
        }
