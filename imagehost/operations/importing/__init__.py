"""Import a folder of pictures like uploads. An import that was killed can be continued."""

import logging
from functools import partial
from pathlib import Path

from imagehost.host import Host
from imagehost.operations import parallel
from imagehost.operations.folders import keep_apart, keep_from_backups
from imagehost.operations.importing import journal
from imagehost.operations.importing.one_file import import_file
from imagehost.operations.importing.results import Decision, ImportResult, PathResult
from imagehost.operations.importing.selection import tasks
from imagehost.operations.importing.walking import walk_folder
from imagehost.operations.journals import resumable
from imagehost.operations.progress import Progress, silent
from imagehost.services import images

__all__ = ["Decision", "ImportResult", "PathResult", "import_folder"]

log = logging.getLogger(__name__)


def import_folder(
    host: Host, folder: Path, *, keep_times: bool = False, again: bool = False, progress: Progress = silent
) -> ImportResult:
    """Import all pictures below a folder. Repeated calls import each picture only once.

    With ``keep_times``, the upload time of an image is the time of the file's last change. With ``again``,
    pictures that were imported before and deleted since are imported again. Raises Failure if the import
    cannot continue.
    """
    folder = folder.resolve()
    keep_apart(host.settings, folder)
    keep_from_backups(host.settings, folder)
    images.ensure_storage(host)
    outcome = ImportResult()
    with resumable(), journal.open_import_journal(host.settings.instance_dir) as notes:
        total = sum(1 for _ in walk_folder(folder))
        with progress("files", total) as advance:
            decided = tasks(host, folder, notes, again=again)
            for result in parallel.each(partial(import_file, host, keep_times=keep_times), decided):
                notes.finish(result)
                outcome.add(result)
                advance(1)
                if result.what is Decision.REFUSED:
                    log.info("import refused", extra={"path": result.path, "reason": str(result.reason)})
    counts = {what.name.lower(): number for what, number in outcome.counts.items()}
    log.info("folder imported", extra={"folder": str(folder), **counts})
    return outcome
