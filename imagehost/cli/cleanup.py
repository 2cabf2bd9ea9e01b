"""``flask cleanup``: remove files that no row refers to, and report lost files."""

import re
from dataclasses import asdict

import click
from flask.cli import with_appcontext

from imagehost.cli.output import as_json, bar, command, print_result
from imagehost.logs.setup import one_line
from imagehost.operations import cleanup as services
from imagehost.operations.cleanup import CleanupOptions, CleanupReport, Finding, Share, Tally
from imagehost.web.binding import current_host
from imagehost.web.readable import readable_size

MOST_SHOWN = 20
"""The number of names of each kind that are printed as text."""
TOLD = (Finding.MISSING, Finding.DAMAGED, Finding.UNINDEXED, Finding.FOREIGN)
"""The kinds whose names are printed as text."""


def read_share(_: click.Context, __: click.Parameter, value: str | None) -> Share | None:
    """Parse a share of all images, such as ``3/7``. None if the option is not given. Raises BadParameter."""
    if value is None:
        return None
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", value)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise click.BadParameter(f"{value!r} must have the form N/M with N from 1 to M, for example 3/7.")
    return Share(int(found[1]), int(found[2]))


@click.command()
@click.option("--dry-run", is_flag=True, help="Only report what would be removed. Change nothing.")
@click.option("--drop-missing", is_flag=True, help="Remove the rows of images whose file is missing.")
@click.option("--checksums", is_flag=True, help="Read every file, and report those that are damaged.")
@click.option(
    "--slice",
    "share",
    metavar="N/M",
    callback=read_share,
    help="With --checksums: read only part N of M. The parts 1/7 to 7/7 together contain all files.",
)
@click.option(
    "--grace",
    type=click.IntRange(0),
    default=60,
    show_default=True,
    metavar="MINUTES",
    help="Do not remove files that changed within this time: they may belong to an upload in progress.",
)
@click.option(
    "--force", is_flag=True, help="Continue even if many or all of the files or rows would be removed."
)
@as_json
@with_appcontext
@command
def cleanup(
    *,
    dry_run: bool,
    drop_missing: bool,
    checksums: bool,
    share: Share | None,
    grace: int,
    force: bool,
    as_json: bool,
) -> None:
    """Remove leftover files of crashes, and report missing images.

    Uploads and deletions can continue meanwhile.
    """
    if share and not checksums:
        raise click.UsageError("--slice needs --checksums.")
    share = (share or Share(1, 1)) if checksums else None
    report = services.clean_up(
        current_host(), CleanupOptions(dry_run, drop_missing, share, grace * 60, force), bar
    )
    hidden = set() if checksums else {Finding.DAMAGED}
    hidden |= set() if report[Finding.UNINDEXED].found else {Finding.UNINDEXED}
    tallies = {kind: tally for kind, tally in report.tallies.items() if kind not in hidden}
    found = {kind.value.replace(" ", "_"): asdict(tally) for kind, tally in tallies.items()}
    result = {"dry_run": dry_run, "freed": report.freed, "found": found}
    print_result(result, report_text(report, tallies), as_json=as_json, ok=not report.needs_somebody)


def report_text(report: CleanupReport, tallies: dict[Finding, Tally]) -> str:
    """Return a table of the findings, followed by the names that a person has to know."""
    lines = [
        f"{'':<24}{'found':>10}{'size':>12}{'to remove' if report.dry_run else 'removed':>12}{'failed':>8}"
    ]
    for kind, tally in tallies.items():
        size = readable_size(tally.bytes) if tally.bytes else ""
        lines.append(
            f"{kind.label:<24}{tally.found:>10}{size:>12}{tally.removed or '':>12}{tally.failed or '':>8}"
        )
    lines.append(f"{'Would free' if report.dry_run else 'Freed'} {readable_size(report.freed)}.")
    for kind in TOLD:
        lines += named(kind, report[kind])
    return "\n".join(lines)


def named(kind: Finding, tally: Tally) -> list[str]:
    """Return lines with the names of the first findings of a kind."""
    names = [f"  {one_line(name)}" for name in tally.names[:MOST_SHOWN]]
    more = [f"  and {tally.found - MOST_SHOWN} more: see app.log"] if tally.found > MOST_SHOWN else []
    return [f"{kind.label}:", *names, *more] if names else []
