"""Importing a folder of pictures, by the way that uploads take; after a kill it goes on where it was."""

import logging
from functools import partial
from pathlib import Path

from imagehost.extensions import settings
from imagehost.operations import parallel
from imagehost.operations.folders import keep_apart, keep_from_backups
from imagehost.operations.importing import journal
from imagehost.operations.importing.bringing import bring
from imagehost.operations.importing.deciding import tasks
from imagehost.operations.importing.results import Outcome, Result, What
from imagehost.operations.importing.walking import walk
from imagehost.operations.journals import resumable
from imagehost.operations.progress import Progress, silent
from imagehost.services import images

__all__ = ["Outcome", "Result", "What", "import_folder"]

log = logging.getLogger(__name__)


def import_folder(
    folder: Path, *, keep_times: bool = False, again: bool = False, progress: Progress = silent
) -> Outcome:
    """Import all pictures below a folder, each once however often it is called.

    With ``keep_times`` an image's upload is dated to the file's last change; with ``again`` those come back
    that were imported before and deleted since. Raises Failure where it cannot go on.
    """
    folder = folder.resolve()
    keep_apart(folder)
    keep_from_backups(folder)
    images.ensure_storage()
    outcome = Outcome()
    with resumable(), journal.opened(settings.instance_dir) as notes:
        total = sum(1 for _ in walk(folder))
        with progress("files", total) as advance:
            decided = tasks(folder, notes, again=again)
            for result in parallel.each(partial(bring, keep_times=keep_times), decided):
                notes.finish(result)
                outcome.add(result)
                advance(1)
                if result.what is What.REFUSED:
                    log.info("import refused", extra={"path": result.path, "reason": result.reason})
    counts = {what.name.lower(): number for what, number in outcome.counts.items()}
    log.info("folder imported", extra={"folder": str(folder), **counts})
    return outcome
