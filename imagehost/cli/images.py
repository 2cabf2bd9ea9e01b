"""``flask images``: import all images of a folder, and export all images to a folder."""

from pathlib import Path

import click
from flask.cli import AppGroup

from imagehost.cli.output import as_json, bar, command, print_result
from imagehost.domain.errors import Refused
from imagehost.logs.setup import one_line
from imagehost.operations.exporting import export_to
from imagehost.operations.importing import Decision, ImportResult, PathResult, import_folder
from imagehost.web.binding import current_host
from imagehost.web.messages import sentence_in_english

images = AppGroup("images", help="Import and export images.")

DECISION_NAMES = {
    Decision.IMPORTED: "imported",
    Decision.ALREADY: "imported before",
    Decision.DELETED: "imported before and deleted since: not imported again (to import them, add --again)",
    Decision.PASSED: "skipped",
    Decision.REFUSED: "refused",
}


@images.command("import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--keep-times", is_flag=True, help="Use the time of each file's last change as the upload time."
)
@click.option(
    "--again", is_flag=True, help="Also import files whose images were imported before and deleted since."
)
@as_json
@command
def import_all(*, folder: Path, keep_times: bool, again: bool, as_json: bool) -> None:
    """Import all pictures in FOLDER and its subfolders.

    To continue an interrupted import, run the same command again.
    """
    outcome = import_folder(current_host(), folder, keep_times=keep_times, again=again, progress=bar)
    counts = {what.name.lower(): outcome.counts[what] for what in Decision}
    refused = [
        {"path": each.path, "code": each.code, "message": sentence_of(each)} for each in outcome.refused
    ]
    result = {"folder": str(folder), **counts, "reasons": dict(outcome.reasons), "files": refused}
    print_result(result, import_text(outcome), as_json=as_json, ok=not outcome.refused)


def sentence_of(result: PathResult) -> str:
    """Return the reason why a file was refused."""
    reason = result.reason
    return sentence_in_english(reason) if isinstance(reason, Refused) else reason


def import_text(outcome: ImportResult) -> str:
    """Return the refused files with their reasons, then the counts, as text."""
    lines = [f"{one_line(each.path)}: {one_line(sentence_of(each))}" for each in outcome.refused]
    lines += [
        f"{outcome.counts[what]} {words}" for what, words in DECISION_NAMES.items() if outcome.counts[what]
    ]
    lines += [f"  {number} {code}" for code, number in sorted(outcome.reasons.items())]
    return "\n".join(lines) or "There are no files to import in this folder."


@images.command("export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@as_json
@command
def export_all(*, folder: Path, as_json: bool) -> None:
    """Copy all images to FOLDER under their original names.

    The file images.csv lists them. To continue an interrupted export, run the same command again.
    """
    outcome = export_to(current_host(), folder, bar)
    lines = [f"{filename}: {problem}" for filename, problem in outcome.problems.items()]
    lines.append(f"{outcome.exported} images are in {folder}.")
    if outcome.problems:
        lines.append(
            f"{len(outcome.problems)} images were not exported. "
            "Repair their files, then run the same command again."
        )
    result = {"folder": str(folder), "exported": outcome.exported, "problems": outcome.problems}
    print_result(result, "\n".join(lines), as_json=as_json, ok=not outcome.problems)
