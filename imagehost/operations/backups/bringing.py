"""Bringing the bytes of a backup to the storage: those that are not there, or not sound."""

from functools import partial
from pathlib import Path

from imagehost.domain.errors import NotFound
from imagehost.domain.failures import Failure
from imagehost.extensions import storage
from imagehost.files import hashing
from imagehost.operations import parallel
from imagehost.operations.backups import manifest, reading
from imagehost.operations.backups.catalogue import Backup
from imagehost.operations.backups.manifest import Manifest
from imagehost.operations.progress import Progress


def bring_all(backup: Backup, facts: Manifest, added: list[str], progress: Progress) -> None:
    """Bring every image of a backup to the storage, unless it is there and sound."""
    if backup.database_only:
        return
    spoiled = set(facts.damaged)
    files = (
        (path, digest)
        for path, digest in manifest.sums(backup)
        # What was spoiled when the backup was made replaces nothing.
        if "/" in path and not (name_of(path) in spoiled and storage.exists(name_of(path)))
    )
    with progress("images", facts.copied + facts.linked) as advance:
        for _ in parallel.each(partial(bring, backup.path, added), files):
            advance(1)


def bring(folder: Path, added: list[str], file: tuple[str, str]) -> None:
    """Bring one image to the storage."""
    path, digest = file
    filename = name_of(path)
    found = stored_hash(filename)
    if found == digest:
        return
    with reading.open_file(folder, path) as source, storage.receive(unlimited=True) as incoming:
        while block := source.read(hashing.BLOCK):
            incoming.write(block)
        if incoming.sha256 != digest:
            raise Failure(f"{path} of the backup is damaged. Nothing was changed.")
        incoming.flush_to_disk()
        if found is not None:
            # What is there is damaged, whatever becomes of the rest.
            storage.delete(filename)
        else:
            added.append(filename)
        storage.publish(incoming, filename)


def stored_hash(filename: str) -> str | None:
    """Hash what the storage has; None where it has nothing."""
    try:
        with storage.open(filename) as file:
            return hashing.sha256(file)
    except NotFound:
        return None


def name_of(path: str) -> str:
    """Take the filename from a path in a backup."""
    return path.rpartition("/")[2]
