"""Clean up: find and remove leftovers of crashes and lost disks, without the loss of any image."""

import logging
from dataclasses import dataclass

import sqlalchemy as sa

from imagehost.db import counts
from imagehost.db.models import Image
from imagehost.domain.failures import Failure
from imagehost.host import Host
from imagehost.operations.cleanup import files, rows
from imagehost.operations.cleanup.files import Found
from imagehost.operations.cleanup.report import CleanupReport, Finding, Tally
from imagehost.operations.cleanup.rows import Known, Share
from imagehost.operations.progress import Progress, silent

__all__ = ["CleanupOptions", "CleanupReport", "Finding", "Share", "Tally", "clean_up"]

ALWAYS_REMOVABLE = 2
"""The number of items that may be removed without ``force``, even if there are few items in total."""
SHARE = 10
"""More items may be removed without ``force`` if they are at most one in this many."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CleanupOptions:
    """The options of a clean-up. ``grace`` is in seconds: files that changed in this time are not removed."""

    dry_run: bool = False
    drop_missing: bool = False
    checksums: Share | None = None
    grace: float = 3600
    force: bool = False


def clean_up(host: Host, wish: CleanupOptions, progress: Progress = silent) -> CleanupReport:
    """Find files without rows and rows without files, and remove them if allowed, during normal operation.

    Raises:
        Failure: if the database and the storage seem not to belong together, unless ``force`` is set.
        Busy: if another backup, restore or clean-up runs.
    """
    check_marker(host)
    check_tables(host)
    storage = host.storage
    report = CleanupReport(wish.dry_run)
    with storage.inspecting() if wish.dry_run else storage.maintaining(retaining=False):
        before = host.clock().timestamp() - wish.grace
        with host.database.reading() as session:
            total = counts.total(session)
        with progress("files", total) as advance:
            found = files.find_garbage(host, report, before, advance)
        with progress("rows", total) as advance:
            known = rows.check_rows(host, report, wish.checksums, found.names(), advance)
        found.spare(known.alive)
        files.report_garbage(report, found)
        if not wish.force:
            check_plausible(host, report, found, known, dropping=wish.drop_missing)
        with progress("removal", len(found.garbage)) as advance:
            files.remove_garbage(host, report, found, before, advance)
        if wish.drop_missing:
            with progress("rows without a file", len(known.lost)) as advance:
                rows.drop_rows(host, report, known.lost, advance)
        if not wish.dry_run:
            storage.close_to_others()
    level = logging.WARNING if report.needs_somebody else logging.INFO
    log.log(level, "clean-up dry run" if wish.dry_run else "cleaned up", extra=report.facts())
    return report


def check_marker(host: Host) -> None:
    """Raise Failure if the storage has no marker."""
    if not host.storage.is_ready():
        raise Failure(
            f"{host.settings.images_dir} has no marker file: it is not mounted, or it is not the storage of "
            "this host. Nothing was changed."
        )


def check_tables(host: Host) -> None:
    """Raise Failure if the database has no table of images."""
    if not sa.inspect(host.database.engine).has_table(Image.__tablename__):
        raise Failure(f"There are no tables in {here(host)}. Nothing was changed. Check DATABASE_URL.")


def check_plausible(host: Host, report: CleanupReport, found: Found, known: Known, *, dropping: bool) -> None:
    """Raise Failure if much of the host would be removed: the database may be old, or a setting wrong."""
    orphans, lost = report[Finding.ORPHAN].found, report[Finding.MISSING].found
    if orphans and (not found.recorded or is_much(orphans, found.images)):
        raise Failure(
            f"{orphans} of {found.images} files in {host.settings.images_dir} have no row in {here(host)}. "
            "Nothing was changed. Check that DATABASE_URL is right, and that the database is not an old "
            "copy. To remove the files, add --force"
        )
    if dropping and lost and (lost == known.rows or is_much(lost, known.rows)):
        raise Failure(
            f"{lost} of {known.rows} rows in {here(host)} have no file in {host.settings.images_dir}. "
            "Nothing was changed. Check that IMAGES_DIR is right. To remove the rows, add --force"
        )


def is_much(some: int, of_all: int) -> bool:
    """Tell whether a number of items is larger than a crash leaves behind."""
    return some > ALWAYS_REMOVABLE and some * SHARE > of_all


def here(host: Host) -> str:
    """Return the database's URL without its password, for messages."""
    url = host.settings.database_url
    shown = url.set(drivername=url.get_backend_name(), query={})
    return f"the database {shown.render_as_string(hide_password=True)}"
