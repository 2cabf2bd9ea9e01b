"""Cleaning up: what crashes and lost disks left behind, found and removed without ever costing an image."""

import logging
import time
from dataclasses import dataclass

import sqlalchemy as sa

from imagehost.db import counts
from imagehost.db.models import Image
from imagehost.domain.failures import Failure
from imagehost.extensions import db, settings, storage
from imagehost.operations.cleanup import files, rows
from imagehost.operations.cleanup.files import Found
from imagehost.operations.cleanup.report import Kind, Report, Tally
from imagehost.operations.cleanup.rows import Known, Share
from imagehost.operations.progress import Progress, silent

__all__ = ["Kind", "Report", "Share", "Tally", "Wish", "clean"]

FEW = 2
"""So many may go without a question, however few there are; of more, a tenth of all."""
SHARE = 10

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a clean-up is to do. ``grace`` is in seconds: what changed in that time is left alone."""

    dry_run: bool = False
    drop_missing: bool = False
    checksums: Share | None = None
    grace: float = 3600
    force: bool = False


def clean(wish: Wish, progress: Progress = silent) -> Report:
    """Find what is wrong, and remove what may be removed, while uploads and deletions go on.

    Raises Failure where it looks as if database and storage do not belong together, unless forced; Busy.
    """
    check_marker()
    check_tables()
    report = Report(wish.dry_run)
    with storage.inspecting() if wish.dry_run else storage.maintaining(retaining=False):
        before = time.time() - wish.grace
        total = counts.total()
        with progress("files", total) as advance:
            found = files.find(report, before, advance)
        with progress("rows", total) as advance:
            known = rows.find(report, wish.checksums, found.names(), advance)
        found.spare(known.alive)
        files.tell(report, found)
        if not wish.force:
            check_plausible(report, found, known, dropping=wish.drop_missing)
        with progress("removal", len(found.garbage)) as advance:
            files.sweep(report, found, before, advance)
        if wish.drop_missing:
            with progress("rows without a file", len(known.lost)) as advance:
                rows.drop(report, known.lost, advance)
        if not wish.dry_run:
            storage.close_to_others()
    level = logging.WARNING if report.needs_somebody else logging.INFO
    log.log(level, "looked for a clean-up" if wish.dry_run else "cleaned up", extra=report.facts())
    return report


def check_marker() -> None:
    """Refuse a storage that is not there. Raises Failure."""
    if not storage.is_ready():
        raise Failure(
            f"{settings.images_dir} has no marker file: it is not mounted, or no storage of this host. "
            "Nothing was changed."
        )


def check_tables() -> None:
    """Refuse a database that has no images, not even the table. Raises Failure."""
    if not sa.inspect(db.engine).has_table(Image.__tablename__):
        raise Failure(f"There are no tables in {here()}: is DATABASE_URL right? Nothing was changed.")


def check_plausible(report: Report, found: Found, known: Known, *, dropping: bool) -> None:
    """Refuse to remove much of a host, as an old database or a wrong setting asks for. Raises Failure."""
    orphans, lost = report[Kind.ORPHAN].found, report[Kind.MISSING].found
    if orphans and (not found.recorded or is_much(orphans, found.images)):
        raise Failure(
            f"{orphans} of {found.images} files in {settings.images_dir} have no row in {here()}: "
            "is DATABASE_URL right, and is it the newest state? Nothing was changed. "
            "If they are really to go, say --force"
        )
    if dropping and lost and (lost == known.rows or is_much(lost, known.rows)):
        raise Failure(
            f"{lost} of {known.rows} rows in {here()} have no file in {settings.images_dir}: "
            "is IMAGES_DIR right? Nothing was changed. If they are really to go, say --force"
        )


def is_much(some: int, of_all: int) -> bool:
    """Tell whether it is more than a crash leaves behind."""
    return some > FEW and some * SHARE > of_all


def here() -> str:
    """Name the database, without its password."""
    url = settings.database_url
    shown = url.set(drivername=url.get_backend_name(), query={})
    return f"the database {shown.render_as_string(hide_password=True)}"
