"""Make a backup: one state of the database, and the bytes of all images that have a row in it.

A backup is a folder with ``database.sql``, ``images/``, ``SHA256SUMS`` and a signed ``manifest.json``.
Images never change. So bytes that an earlier backup contains are shared, and only new ones are copied.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from imagehost.domain.failures import Failure
from imagehost.host import Host
from imagehost.operations.backups.catalogue import Backup, backup_errors, changing_backups, new_backup
from imagehost.operations.backups.image_files import EarlierBackup, ImageCopier
from imagehost.operations.backups.manifest import (
    DUMP_COMMENT,
    MANIFEST,
    TIME_FORMAT,
    Manifest,
    sign,
    software_versions,
)
from imagehost.operations.backups.reading import SUMS
from imagehost.operations.dumps.databases import database_state, own_dumper
from imagehost.operations.dumps.snapshots import DatabaseState, ImageRow, Snapshot
from imagehost.operations.dumps.untrusted_files import hash_untrusted
from imagehost.operations.progress import Progress, silent

ROWS_SUFFIX = ".rows"
"""The suffix of the file that contains the rows of all images until their bytes are copied."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NewBackup:
    """A new backup, and the state of the database in it."""

    backup: Backup
    manifest: Manifest
    state: DatabaseState | None


def create_backup(host: Host, progress: Progress = silent) -> NewBackup:
    """Back up database and images during normal operation. Raises Failure, Busy or Unavailable."""
    with changing_backups(host):
        state = database_state(host)
        if state is None:
            raise Failure("The database has no tables yet. To create them: flask db upgrade")
        prepare_storage(host, state)
        with host.storage.maintaining():
            return make_backup(host, progress)


def create_dump(host: Host) -> NewBackup:
    """Back up the database alone, to one file. Raises Failure, Busy or Unavailable."""
    with changing_backups(host), new_backup(host, ".sql") as (backup, path), backup_errors():
        # Make the file before pg_dump or this process writes to it: no other user may read any part of it.
        path.touch(0o600)
        rows = path.with_suffix(ROWS_SUFFIX)
        rows.touch(0o600)
        manifest, state = dump_moment(host, path, rows)
        size = sum(row.size for row in read_rows(rows))
        rows.unlink()
        sha256 = hash_untrusted(path.parent, path.name)
        manifest = sign(host, replace(manifest, bytes=size, sha256=sha256))
        with path.open("ab") as file:
            file.write(b"\n" + DUMP_COMMENT + manifest.as_json().encode() + b"\n")
    return logged(NewBackup(backup, manifest, state))


def make_backup(host: Host, progress: Progress, *, trusted: bool = True) -> NewBackup:
    """Back up database and images. The caller must have locked the folder of backups and the storage.

    Images of an earlier backup are hashed before they are shared, unless it is ``trusted``.
    """
    earlier = EarlierBackup.newest(host, trusted=trusted)
    with new_backup(host) as (backup, folder), backup_errors():
        folder.mkdir(mode=0o700)
        dump, rows = folder / "database.sql", folder / ROWS_SUFFIX
        # The rows are read after the storage was locked: no bytes of these images are removed from now on.
        manifest, state = dump_moment(host, dump, rows)
        copier = ImageCopier(host.storage, folder / "images", earlier)
        with (folder / SUMS).open("x", encoding="utf-8") as file:
            file.write(f"{hash_untrusted(folder, dump.name)}  {dump.name}\n")
            with progress("images", manifest.counts["images"]) as advance:
                for image in copier.copy_all(read_rows(rows)):
                    advance(1)
                    if image.sha256:
                        file.write(f"{image.sha256}  images/{image.row.path}\n")
        rows.unlink()
        sha256 = hash_untrusted(folder, SUMS)
        manifest = sign(host, replace(manifest, **copier.counts(), sha256=sha256))
        (folder / MANIFEST).write_text(manifest.as_json(indent=2) + "\n")
    return logged(NewBackup(backup, manifest, state))


def prepare_storage(host: Host, state: DatabaseState | None, *, new: bool = False) -> None:
    """Set up the storage if it is new. Raises Failure if its volume is probably not mounted."""
    if host.storage.is_ready():
        return
    if state and state.images and not new:
        raise Failure(
            f"The storage has no marker file: {host.settings.images_dir} is probably not mounted. "
            "If its images are lost, restore a backup with --new-storage (see docs/operations.md)."
        )
    host.storage.initialise()


def dump_moment(host: Host, dump: Path, rows: Path) -> tuple[Manifest, DatabaseState | None]:
    """Dump one state of the database, and write the rows of its images to a file.

    The transaction ends before the images are copied, which may take long.

    Returns:
        The manifest, without the facts about the files, and the state of the database (None: no tables).
    """
    made_at = host.clock().strftime(TIME_FORMAT)
    dumper = own_dumper(host)
    with dumper.snapshot() as snapshot:
        revision = snapshot.revision()
        counts, state = snapshot.counts(), snapshot.state()
        versions = software_versions(dumper.version(snapshot))
        dumper.dump(snapshot, dump)
        write_rows(snapshot, rows)
    return Manifest(made_at, versions, dumper.kind, revision, counts, bytes=0, sha256=""), state


def write_rows(snapshot: Snapshot, path: Path) -> None:
    """Write the rows of all images to a file."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{row.sha256} {row.size} {row.filename}\n" for row in snapshot.images())


def read_rows(path: Path) -> Iterator[ImageRow]:
    """Yield the rows that ``write_rows`` wrote."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            sha256, size, filename = line.split()
            yield ImageRow(filename, int(size), sha256)


def logged(new: NewBackup) -> NewBackup:
    """Log a new backup, and return it. Images that were lost before are errors: a person must act on them."""
    manifest, name = new.manifest, new.backup.name
    counts = {"images": manifest.counts["images"], "copied": manifest.copied, "linked": manifest.linked}
    log.info("backup made", extra={"backup": name, **counts})
    for what, filenames in (("missing", manifest.missing), ("damaged", manifest.damaged)):
        for filename in filenames:
            log.error("image %s in storage", what, extra={"image": filename, "backup": name})
    return new
