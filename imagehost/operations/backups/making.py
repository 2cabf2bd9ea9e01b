"""Making a backup: one moment of the database, and the bytes of every image that it names.

Images never change. So what an earlier backup holds is linked, and only what is new is copied.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from imagehost.domain.failures import Failure
from imagehost.domain.version import VERSION
from imagehost.extensions import storage
from imagehost.operations.backups import catalogue, databases, manifest, preparing, signing
from imagehost.operations.backups.catalogue import Backup, folder_errors
from imagehost.operations.backups.databases import Database
from imagehost.operations.backups.fetching import Fetching, Former
from imagehost.operations.backups.manifest import MANIFEST, SUMS, Manifest
from imagehost.operations.backups.snapshots import ImageRow, Snapshot, State
from imagehost.operations.progress import Progress, silent

ROWS = ".rows"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Made:
    """A new backup, and the state of the database that it holds."""

    backup: Backup
    manifest: Manifest
    state: State | None


def create(progress: Progress = silent) -> Made:
    """Back up database and images; uploads and deletions may go on. Raises Failure, Busy, Unavailable."""
    with catalogue.writing():
        state = databases.state()
        if state is None:
            raise Failure("The database has no tables yet. Make them: flask db upgrade")
        preparing.prepare_storage(state)
        with storage.maintaining():
            return make(progress)


def create_of_database() -> Made:
    """Back up the database alone. Raises Failure, Busy, Unavailable."""
    with catalogue.writing():
        return make_of_database()


def make(progress: Progress, *, trusting: bool = True) -> Made:
    """Back up everything, for whoever holds both the folder of backups and the storage.

    What an earlier backup holds is read before it is shared, unless that is ``trusting``.
    """
    former = Former.newest(trusting=trusting)
    with catalogue.drafting() as (name, draft), folder_errors():
        draft.mkdir(mode=0o700)
        # The rows are read after the storage was held: from then on no bytes of them go.
        taken, state, images = take(draft / "database.sql", draft / ROWS)
        fetching = Fetching(draft / "images", former)
        with (draft / SUMS).open("x", encoding="utf-8") as file, progress("images", images) as advance:
            file.write(f"{manifest.sha256(draft / 'database.sql')}  database.sql\n")
            for path, digest in fetching.all(spooled(draft / ROWS)):
                advance(1)
                if digest:
                    file.write(f"{digest}  images/{path}\n")
        (draft / ROWS).unlink()
        facts = signing.signed(Manifest(**taken, **fetching.facts(), sha256=manifest.sha256(draft / SUMS)))
        (draft / MANIFEST).write_text(facts.as_json(indent=2) + "\n")
    return told(Made(catalogue.find(name), facts, state))


def make_of_database() -> Made:
    """Dump the database to one file, whose last line says what it holds."""
    with catalogue.drafting(".sql") as (name, draft), folder_errors():
        # Nobody else's to read, from the first byte on.
        draft.touch(0o600)
        draft.with_suffix(ROWS).touch(0o600)
        taken, state, _ = take(draft, draft.with_suffix(ROWS))
        size = sum(row.size for row in spooled(draft.with_suffix(ROWS)))
        draft.with_suffix(ROWS).unlink()
        facts = signing.signed(Manifest(**taken, bytes=size, sha256=manifest.sha256(draft)))
        with draft.open("ab") as file:
            file.write(b"\n" + manifest.COMMENT + facts.as_json().encode() + b"\n")
    return told(Made(catalogue.find(name), facts, state))


def take(dump: Path, rows: Path) -> tuple[dict[str, Any], State | None, int]:
    """Dump one moment of the database; give its facts, its state, and how many images it names.

    Their rows are put aside in a file: the transaction ends here, however long the copying takes.
    """
    made_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    database: Database = databases.live()
    with database.snapshot() as snapshot:
        facts: dict[str, Any] = {
            "made_at": made_at,
            "database": database.kind,
            "revision": snapshot.revision(),
        }
        counts, state = snapshot.counts(), snapshot.state()
        versions = manifest.versions(VERSION, database.version(snapshot))
        database.dump(snapshot, dump)
        spool(snapshot, rows)
    return {**facts, "counts": counts, "versions": versions}, state, counts["images"]


def spool(snapshot: Snapshot, path: Path) -> None:
    """Write the rows of all images to a file."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{row.sha256} {row.size} {row.filename}\n" for row in snapshot.images())


def spooled(path: Path) -> Iterator[ImageRow]:
    """Read the rows again."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            digest, size, filename = line.split()
            yield ImageRow(filename, int(size), digest)


def told(made: Made) -> Made:
    """Log a backup; what was lost before it was made is an error that somebody has to look at."""
    facts = made.manifest
    counted = {"images": facts.counts["images"], "copied": facts.copied, "linked": facts.linked}
    log.info("backup made", extra={"backup": made.backup.name, **counted})
    for what, names in (("missing", facts.missing), ("damaged", facts.damaged)):
        for name in names:
            log.error("image %s in storage", what, extra={"image": name, "backup": made.backup.name})
    return made


def problems_of(facts: Manifest) -> list[str]:
    """Say what was wrong already when a backup was made."""
    missing = [f"images/{name[:2]}/{name} had no bytes in the storage" for name in facts.missing]
    return missing + [f"images/{name[:2]}/{name} was damaged in the storage" for name in facts.damaged]
