"""Read the manifest of a backup and its list of files with checksums."""

from collections.abc import Iterator
from dataclasses import dataclass

from imagehost.domain.failures import Broken
from imagehost.operations.backups.catalogue import Backup
from imagehost.operations.backups.manifest import Manifest, read_manifest
from imagehost.operations.dumps.untrusted_files import BACKUP_FILENAME, DIGEST, open_untrusted

SUMS = "SHA256SUMS"
LONGEST_LINE = 1024
"""The maximum bytes of a line of ``SHA256SUMS``. Our lines have about a hundred."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a backup: its path in the backup, and its SHA-256."""

    path: str
    sha256: str

    @property
    def filename(self) -> str:
        """The filename of an image; an empty string if the file is not an image."""
        folder, _, name = self.path.rpartition("/")
        return name if folder else ""


@dataclass(frozen=True, slots=True)
class Contents:
    """A backup and its manifest, which was read once."""

    backup: Backup
    manifest: Manifest

    @classmethod
    def of(cls, backup: Backup) -> "Contents":
        """Read the manifest of a backup. Raises Failure."""
        return cls(backup, read_manifest(backup))

    def files(self) -> Iterator[StoredFile]:
        """Yield all files of the list of checksums. Raises Broken if a line has another form, and OSError."""
        with open_untrusted(self.backup.path, SUMS) as file:
            while line := file.readline(LONGEST_LINE):
                sha256, _, path = line.decode("ascii", "replace").removesuffix("\n").partition("  ")
                found = StoredFile(path, sha256)
                if not DIGEST.fullmatch(sha256) or not self._can_have(found):
                    raise Broken(f"{SUMS} is damaged: it has an invalid line")
                yield found

    def _can_have(self, file: StoredFile) -> bool:
        name = file.filename
        is_image = BACKUP_FILENAME.fullmatch(name) is not None and file.path == f"images/{name[:2]}/{name}"
        return is_image or file.path == self.backup.dump.name

    def images(self) -> Iterator[StoredFile]:
        """Yield the files that are images. Raises as ``files`` does."""
        return (file for file in self.files() if file.filename)
