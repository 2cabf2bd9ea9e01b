"""Copy the bytes of images: from the storage or an earlier backup to a new one, and back to the storage."""

import errno
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from imagehost.domain.errors import NotFound, Unavailable
from imagehost.domain.failures import Failure
from imagehost.files import hashing
from imagehost.host import Host
from imagehost.operations import parallel
from imagehost.operations.backups.catalogue import list_backups
from imagehost.operations.backups.manifest import Origin, origin_of
from imagehost.operations.backups.reading import Contents, StoredFile
from imagehost.operations.backups.verifications import last_verification
from imagehost.operations.dumps.snapshots import ImageRow
from imagehost.operations.dumps.untrusted_files import open_untrusted
from imagehost.operations.progress import Progress
from imagehost.storage import Storage
from imagehost.storage.copies import copy_hashing

NO_LINKS = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOENT}
"""The errors after which a file is copied: another file system, too many links, file removed meanwhile."""


@dataclass(frozen=True, slots=True)
class EarlierBackup:
    """A backup whose images a new backup may share.

    Args:
        path: the folder of the backup.
        damaged: filenames of images that are not shared.
        checked_by_size: whether the size is enough to accept an image. Otherwise its bytes are hashed.
    """

    path: Path
    damaged: set[str]
    checked_by_size: bool

    @classmethod
    def newest(cls, host: Host, *, trusted: bool) -> "EarlierBackup | None":
        """Return the newest backup that has images and can be read, or None.

        Unless it is ``trusted`` and was made by this host, its images are hashed before they are shared.
        """
        for backup in reversed(list_backups(host)):
            if backup.database_only:
                continue
            try:
                manifest = Contents.of(backup).manifest
            except Failure:
                continue
            verification = last_verification(host, backup)
            damaged = {path.rpartition("/")[2] for path in verification.damaged} if verification else set()
            made_here = origin_of(host, manifest) is Origin.HERE
            return cls(backup.path, damaged | set(manifest.damaged), trusted and made_here)
        return None

    def link(self, row: ImageRow, target: Path) -> bool:
        """Share an image by a hard link. Return whether that was possible, and the file could be read."""
        if row.filename in self.damaged:
            return False
        try:
            with open_untrusted(self.path, f"images/{row.path}") as source:
                if os.fstat(source.fileno()).st_size != row.size:
                    return False
                if not self.checked_by_size and hashing.sha256(source) != row.sha256:
                    return False
        except OSError:
            # The storage may still have the image: copy it from there.
            return False
        try:
            os.link(self.path / "images" / row.path, target, follow_symlinks=False)
        except OSError as error:
            if error.errno in NO_LINKS:
                return False
            raise
        return True


@dataclass(frozen=True, slots=True)
class CopiedImage:
    """An image in a new backup. ``sha256`` is empty for unreadable bytes, and None if there are no bytes."""

    row: ImageRow
    sha256: str | None
    linked: bool = False


@dataclass(slots=True)
class ImageCopier:
    """Copies images to the folder ``images`` of a new backup, and counts them."""

    storage: Storage
    folder: Path
    earlier: EarlierBackup | None
    copied: int = 0
    linked: int = 0
    bytes: int = 0
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)

    def copy_all(self, rows: Iterable[ImageRow]) -> Iterator[CopiedImage]:
        """Copy all images, and yield them in the order of the rows."""
        self.folder.mkdir()
        for image in parallel.each(self.copy_image, rows):
            self.count(image)
            yield image

    def copy_image(self, row: ImageRow) -> CopiedImage:
        """Copy the bytes of one image. If the storage has lost them, an earlier backup may have them."""
        target = self.folder / row.path
        target.parent.mkdir(exist_ok=True)
        if self.earlier and self.earlier.link(row, target):
            return CopiedImage(row, row.sha256, linked=True)
        try:
            with self.storage.open_retained(row.filename) as source, target.open("xb") as file:
                os.fchmod(file.fileno(), 0o640)
                return CopiedImage(row, copy_hashing(source, file))
        except NotFound:
            return CopiedImage(row, None)
        except Unavailable:
            if not self.storage.is_ready():
                raise
            # Only this file cannot be read.
            target.unlink(missing_ok=True)
            return CopiedImage(row, "")

    def count(self, image: CopiedImage) -> None:
        """Add one image to the counts."""
        if image.sha256 is None:
            self.missing.append(image.row.filename)
        elif image.sha256 != image.row.sha256:
            self.damaged.append(image.row.filename)
        if image.sha256:
            self.linked += image.linked
            self.copied += not image.linked
            self.bytes += image.row.size

    def counts(self) -> dict[str, Any]:
        """Return the counts as values of a Manifest."""
        return {
            "copied": self.copied,
            "linked": self.linked,
            "bytes": self.bytes,
            "missing": self.missing,
            "damaged": self.damaged,
        }


def restore_images(storage: Storage, contents: Contents, added: list[str], progress: Progress) -> None:
    """Copy all images of a backup to the storage, unless the storage has them undamaged.

    Filenames that the storage did not have are appended to ``added``.

    Raises Failure, Unavailable, StorageFull.
    """
    if contents.backup.database_only:
        return
    damaged = set(contents.manifest.damaged)
    files = (
        file
        for file in contents.images()
        # An image that was already damaged when the backup was made must not replace a stored one.
        if not (file.filename in damaged and storage.exists(file.filename))
    )
    with progress("images", contents.manifest.copied + contents.manifest.linked) as advance:
        for _ in parallel.each(partial(restore_image, storage, contents.backup.path, added), files):
            advance(1)


def restore_image(storage: Storage, folder: Path, added: list[str], file: StoredFile) -> None:
    """Copy one image of a backup to the storage, as ``restore_images`` does. Raises Failure."""
    stored = hash_stored(storage, file.filename)
    if stored == file.sha256:
        return
    with open_untrusted(folder, file.path) as source, storage.receive(unlimited=True) as incoming:
        while block := source.read(hashing.BLOCK_SIZE):
            incoming.write(block)
        if incoming.sha256 != file.sha256:
            raise Failure(f"{file.path} of the backup is damaged. Nothing was changed.")
        incoming.flush_to_disk()
        if stored is not None:
            # The stored file is damaged, so nothing is lost if the rest fails.
            storage.delete(file.filename)
        else:
            added.append(file.filename)
        storage.publish(incoming, file.filename)


def hash_stored(storage: Storage, filename: str) -> str | None:
    """Return the SHA-256 of an image in the storage, or None if there is no such image."""
    try:
        with storage.open(filename) as file:
            return hashing.sha256(file)
    except NotFound:
        return None
