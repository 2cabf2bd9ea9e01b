"""``flask backup``: create, list, verify and restore backups."""

from dataclasses import asdict

import click
import flask_migrate
from flask.cli import AppGroup

from imagehost.cli.output import as_json, bar, command, print_result
from imagehost.domain.failures import Failure
from imagehost.logs.setup import one_line
from imagehost.operations.backups.catalogue import Backup, find_backup, list_backups
from imagehost.operations.backups.create import create_backup, create_dump
from imagehost.operations.backups.manifest import Origin, origin_of, read_manifest
from imagehost.operations.backups.restore import restore_backup
from imagehost.operations.backups.verifications import last_verification
from imagehost.operations.backups.verify import verify_backup
from imagehost.web.binding import current_host
from imagehost.web.readable import readable_size

MOST_PROBLEMS = 1000
"""The number of problems of a backup that are printed as text. JSON contains all of them."""

backup = AppGroup("backup", help="Create, list, verify, restore and remove backups.")


@backup.command()
@click.option(
    "--database-only", is_flag=True, help="Back up only the database, to one file: backup_<time>.sql."
)
@as_json
@command
def create(*, database_only: bool, as_json: bool) -> None:
    """Create a backup. Uploads and deletions can continue meanwhile."""
    host = current_host()
    new = create_dump(host) if database_only else create_backup(host, bar)
    manifest = new.manifest
    size = f"{manifest.counts['images']} images, {readable_size(manifest.bytes)}"
    text = (
        f"{new.backup.name}: only the database ({size})"
        if database_only
        else f"{new.backup.name}: {size}; {manifest.copied} copied, {manifest.linked} shared with an earlier "
        "backup"
    )
    problems = manifest.problems()
    facts = {"name": new.backup.name, "path": str(new.backup.path), **asdict(manifest), "problems": problems}
    print_result(facts, "\n".join([text, *map(one_line, problems)]), as_json=as_json, ok=not problems)


@backup.command("list")
@as_json
@command
def list_all(*, as_json: bool) -> None:
    """List the backups, oldest first."""
    found = [described(each) for each in list_backups(current_host())]
    lines = [
        one_line(f"{each['name']:<30} {each['images']!s:>9} images {each['size']:>9}  {each['state']}")
        for each in found
    ]
    print_result({"backups": found}, "\n".join(lines) or none_yet(), as_json=as_json)


def none_yet() -> str:
    """Return a message that there is no backup. It names the folder, because a disk may not be mounted."""
    folder = current_host().settings.backup_dir
    missing = "" if folder.exists() else " (this folder does not exist)"
    return f"There are no backups in {folder}{missing}. To create one: flask backup create"


def described(each: Backup) -> dict[str, object]:
    """Return the facts of a backup: its contents, and the result of its last verification."""
    host = current_host()
    verification = last_verification(host, each)
    state = f"verified {verification.checked_at}" if verification else "not verified yet"
    if verification and verification.problems:
        state = f"DAMAGED: {verification.problems[0]}"
    facts: dict[str, object] = {"name": each.name, "database_only": each.database_only, "state": state}
    try:
        manifest = read_manifest(each)
    except Failure as error:
        return {**facts, "images": None, "bytes": None, "size": "?", "state": f"DAMAGED: {error}"}
    origin = origin_of(host, manifest)
    if origin is not Origin.HERE:
        facts["state"] = f"{state}; {origin.text}"
    return {
        **facts,
        "images": manifest.counts["images"],
        "bytes": manifest.bytes,
        "size": "database" if each.database_only else readable_size(manifest.bytes),
        "made_at": manifest.made_at,
        "origin": origin.value,
    }


@backup.command()
@click.argument("name", required=False)
@click.option("--all", "every", is_flag=True, help="Verify all backups.")
@as_json
@command
def verify(*, name: str | None, every: bool, as_json: bool) -> None:
    """Verify a backup.

    Check every file, and restore the dump into a scratch database. Without NAME, verify the newest backup.
    """
    host = current_host()
    chosen = list_backups(host)
    if not every:
        chosen = [find_backup(host, name)] if name else chosen[-1:]
    if not chosen:
        raise Failure(none_yet())
    found = {each.name: verify_backup(host, each, bar) for each in chosen}
    origins = {each.name: origin_if_known(each) for each in chosen}
    lines = [verdict(name, problems, origins[name]) for name, problems in found.items()]
    facts = {"backups": found, "origins": {name: one and one.value for name, one in origins.items()}}
    print_result(facts, "\n".join(lines), as_json=as_json, ok=not any(found.values()))


def origin_if_known(each: Backup) -> Origin | None:
    """Return which host made a backup, or None if its manifest cannot be read."""
    try:
        return origin_of(current_host(), read_manifest(each))
    except Failure:
        return None


def verdict(name: str, problems: list[str], origin: Origin | None) -> str:
    """Return the result of a verification, and the origin of the backup, as text."""
    state = f"DAMAGED, problems: {len(problems)}" if problems else "OK"
    first = f"{name}: {state}; {origin.text}" if origin else f"{name}: {state}"
    more = len(problems) - MOST_PROBLEMS
    shown = problems[:MOST_PROBLEMS] + ([f"and {more} more"] if more > 0 else [])
    return "\n  ".join([first, *map(one_line, shown)])


@backup.command()
@click.argument("name")
@click.option(
    "--yes",
    is_flag=True,
    help="Replace the database and the images of this host. A safety backup of them is made first.",
)
@click.option(
    "--foreign", is_flag=True, help="With --yes: accept a backup that this host did not make or did not sign."
)
@click.option(
    "--new-storage",
    is_flag=True,
    help="Accept a folder of images without a marker file, although the database has images.",
)
@as_json
@command
def restore(*, name: str, yes: bool, foreign: bool, new_storage: bool, as_json: bool) -> None:
    """Restore the database and the images from a backup.

    If the restore fails, nothing is changed. NAME is the name or the path of a backup.
    """
    host = current_host()
    done = restore_backup(
        host, find_backup(host, name), replace=yes, foreign=foreign, new_storage=new_storage, progress=bar
    )
    # The backup may be older than some migrations.
    flask_migrate.upgrade()
    safety = done.safety.backup.name if done.safety else None
    counts = {"images": done.manifest.counts["images"], "added": done.added, "removed": done.removed}
    lines = [f"{done.backup.name} was restored: {counts['images']} images."]
    lines += [f"The previous state of this host is in the safety backup {safety}."] if safety else []
    lines += done.safety.manifest.problems() if done.safety else []
    problems = done.manifest.problems()
    facts = {"name": done.backup.name, "safety_backup": safety, **counts, "problems": problems}
    print_result(facts, "\n".join(map(one_line, lines + problems)), as_json=as_json, ok=not problems)
