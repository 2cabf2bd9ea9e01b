"""The transaction of an upload: add the row, publish the bytes, count, commit; undo all if a step fails."""

import logging
from contextlib import suppress
from typing import Any

import sqlalchemy as sa

from imagehost.db import counts
from imagehost.domain.errors import ImageHostError, StorageFull
from imagehost.host import Host
from imagehost.services import image_rows
from imagehost.storage.spool import Incoming

log = logging.getLogger(__name__)


def publish_upload(host: Host, row: dict[str, Any], stored: Incoming, *, chosen: bool) -> tuple[int, bool]:
    """Add the row, publish the bytes and commit. If one step fails, undo all of them.

    Returns:
        The row's id, and whether this is the first upload that its shard counts on that day.

    Raises:
        NameTaken, sa.exc.IntegrityError, FileExistsError: if another image has the name.
        Unavailable, StorageFull: if the database or the storage does not work.
    """
    with host.database.writing() as connection:
        try:
            if chosen:
                image_rows.reserve(connection, row["filename"])
            image_id = image_rows.insert(connection, row)
            host.storage.publish(stored, row["filename"])
            first_of_day = counts.count_upload(connection, row["upload_time"].date())
        except (image_rows.NameTaken, sa.exc.IntegrityError, FileExistsError):
            # Another image has the name: an import chose the same name, or two random names are equal (one
            # in 2**82). The bytes of the other image must not be deleted.
            raise
        except BaseException:
            delete_published(host, row["filename"])
            raise
        commit_upload(host, connection, row["filename"])
    return image_id, first_of_day


def commit_upload(host: Host, connection: sa.Connection, filename: str) -> None:
    """Commit an image's row. Undo the rest of its upload if the commit certainly failed."""
    try:
        connection.commit()
    except StorageFull:
        delete_published(host, filename)
        raise
    except BaseException:
        # The commit may have succeeded: perhaps only the database's answer was lost. So the bytes are not
        # deleted. If there is no row, they are an orphan that clean-up finds.
        log.exception("outcome of commit unknown", extra={"image": filename})
        raise


def delete_published(host: Host, filename: str) -> None:
    """Delete the published file after a failure.

    Errors of the deletion are ignored, since the caller re-raises the original one.
    """
    with suppress(ImageHostError):
        host.storage.delete(filename)
