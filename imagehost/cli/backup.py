"""``flask backup``: backups that are known to restore."""

from dataclasses import asdict

import click
import flask_migrate
from flask.cli import AppGroup

from imagehost.cli.output import as_json, bar, command, tell
from imagehost.domain.failures import Failure
from imagehost.extensions import settings
from imagehost.logs.setup import one_line
from imagehost.operations.backups import catalogue, checks, making, manifest, restoring, signing, verifying
from imagehost.operations.backups.catalogue import Backup
from imagehost.operations.backups.signing import Origin
from imagehost.web.readable import readable_size

MOST_PROBLEMS = 1000
"""Problems of a backup that are printed for people. JSON has all of them."""

backup = AppGroup("backup", help="Back up database and images, and bring them back.")


@backup.command()
@click.option("--database-only", is_flag=True, help="One file, backup_<time>.sql, without images.")
@as_json
@command
def create(*, database_only: bool, as_json: bool) -> None:
    """Make a backup, while uploads and deletions go on."""
    made = making.create_of_database() if database_only else making.create(bar)
    facts = made.manifest
    held = f"{facts.counts['images']} images, {readable_size(facts.bytes)}"
    text = (
        f"{made.backup.name}: the database alone ({held})"
        if database_only
        else (
            f"{made.backup.name}: {held}; {facts.copied} copied, {facts.linked} shared with an earlier backup"
        )
    )
    problems = making.problems_of(facts)
    result = {"name": made.backup.name, "path": str(made.backup.path), **asdict(facts), "problems": problems}
    tell(result, "\n".join([text, *map(one_line, problems)]), as_json=as_json, ok=not problems)


@backup.command("list")
@as_json
@command
def list_all(*, as_json: bool) -> None:
    """List the backups, oldest first."""
    found = [described(one) for one in catalogue.every()]
    lines = [
        one_line(f"{one['name']:<30} {one['images']!s:>9} images {one['size']:>9}  {one['state']}")
        for one in found
    ]
    tell(
        {"backups": found},
        "\n".join(lines) or none_yet(),
        as_json=as_json,
    )


def none_yet() -> str:
    """Say that there is no backup, and where: perhaps a disk is not mounted."""
    gone = "" if settings.backup_dir.exists() else ", a folder that does not exist"
    return f"There is no backup yet in {settings.backup_dir}{gone}. Make one: flask backup create"


def described(one: Backup) -> dict[str, object]:
    """Say what a backup holds, and what the last check found."""
    check = checks.last(one)
    state = "not verified yet" if check is None else f"verified {check.checked_at}"
    if check and check.problems:
        state = f"DAMAGED: {check.problems[0]}"
    facts: dict[str, object] = {"name": one.name, "database_only": one.database_only, "state": state}
    try:
        held = manifest.read(one)
    except Failure as error:
        return {**facts, "images": None, "bytes": None, "size": "?", "state": f"DAMAGED: {error}"}
    origin = signing.origin(held)
    if origin is not Origin.HERE:
        facts["state"] = f"{state}; {origin.text}"
    size = readable_size(held.bytes)
    if one.database_only:
        size = "database"
    return {
        **facts,
        "images": held.counts["images"],
        "bytes": held.bytes,
        "size": size,
        "made_at": held.made_at,
        "origin": origin.value,
    }


@backup.command()
@click.argument("name", required=False)
@click.option("--all", "every", is_flag=True, help="Verify all of them.")
@as_json
@command
def verify(*, name: str | None, every: bool, as_json: bool) -> None:
    """Check every file of a backup, the newest unless named, and restore its dump into a scratch database."""
    chosen = catalogue.every()
    if not every:
        chosen = [catalogue.find(name)] if name else chosen[-1:]
    if not chosen:
        raise Failure(none_yet())
    found = {one.name: verifying.verify(one, bar) for one in chosen}
    makers = {one.name: signing.made_by(one) for one in chosen}
    lines = [verdict(name, problems, makers[name]) for name, problems in found.items()]
    origins = {name: maker.value if maker else None for name, maker in makers.items()}
    result = {"backups": found, "origins": origins}
    tell(result, "\n".join(lines), as_json=as_json, ok=not any(found.values()))


def verdict(name: str, problems: list[str], maker: Origin | None) -> str:
    """Describe the result of a check, and say who made the backup."""
    state = f"DAMAGED, problems: {len(problems)}" if problems else "whole"
    first = f"{name}: {state}; {maker.text}" if maker else f"{name}: {state}"
    more = len(problems) - MOST_PROBLEMS
    told = problems[:MOST_PROBLEMS] + ([f"and {more} more"] if more > 0 else [])
    return "\n  ".join([first, *map(one_line, told)])


@backup.command()
@click.argument("name")
@click.option(
    "--yes", is_flag=True, help="Put it in the place of what is here, after a safety backup of that."
)
@click.option(
    "--foreign", is_flag=True, help="With --yes: accept a backup that this host did not make or did not sign."
)
@click.option(
    "--new-storage", is_flag=True, help="The folder of images is new, though the database knows images."
)
@as_json
@command
def restore(*, name: str, yes: bool, foreign: bool, new_storage: bool, as_json: bool) -> None:
    """Bring database and images to what a backup holds, or change nothing. NAME may be a path."""
    done = restoring.restore(
        catalogue.find(name), replace=yes, foreign=foreign, new_storage=new_storage, progress=bar
    )
    # What migrations that the backup has not seen would have done.
    flask_migrate.upgrade()
    safety = done.safety.backup.name if done.safety else None
    counted = {"images": done.manifest.counts["images"], "added": done.added, "removed": done.removed}
    lines = [f"{done.backup.name} is restored: {counted['images']} images."]
    lines += [f"What was here before is in {safety}."] if safety else []
    problems = making.problems_of(done.manifest)
    lines += making.problems_of(done.safety.manifest) if done.safety else []
    result = {"name": done.backup.name, "safety_backup": safety, **counted, "problems": problems}
    tell(result, "\n".join(map(one_line, lines + problems)), as_json=as_json, ok=not problems)
