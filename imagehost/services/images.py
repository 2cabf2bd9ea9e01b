"""Uploading, finding and deleting images, in the order that never loses one.

Upload: the bytes are on disk, then the row is added, then the bytes get their name, then the row is
committed. Delete: the row's removal is committed, then the bytes go. A crash in between leaves at worst a
file without a row, never a row without its file.
"""

import logging
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from typing import Any, BinaryIO

import sqlalchemy as sa

from imagehost import formats, imaging
from imagehost.db import counts
from imagehost.db.models import Image
from imagehost.db.transactions import writing
from imagehost.domain import image_names
from imagehost.domain.errors import ImageHostError, NotFound, StorageFull, Unavailable
from imagehost.domain.kinds import KINDS
from imagehost.domain.upload_errors import EmptyFile
from imagehost.extensions import db, renderer, settings, storage
from imagehost.services import image_rows
from imagehost.services.picture_errors import refusing
from imagehost.storage.spool import Incoming

LARGEST_ID = 2**31 - 1
"""What the databases' keys hold; a larger number, which they would fail on, is no image's."""
IMAGES = Image.metadata.tables["images"]

log = logging.getLogger(__name__)


def receive() -> Incoming:
    """Open a temporary file for an upload's bytes."""
    ensure_storage()
    return storage.receive()


def ensure_storage() -> None:
    """Set a new storage up. Raises Unavailable where one that held images is gone: not mounted, say."""
    if storage.is_ready():
        return
    # Asked again after the count: another request may have set it up meanwhile, and uploaded.
    if counts.total() and not storage.is_ready():
        log.error("storage marker missing", extra={"images_dir": str(settings.images_dir)})
        raise Unavailable("storage")
    storage.initialise()


def add(
    upload: Incoming, original_name: str, *, public_name: str | None = None, moment: datetime | None = None
) -> Image:
    """Check, keep and record an uploaded picture. Nothing stays of what is refused, nor of what fails.

    An import may give ``public_name``, without extension, and the ``moment`` of the upload. A file without a
    name is named after that moment.
    """
    name = image_names.clean_name(original_name)
    if not upload.written:
        raise EmptyFile(name)
    limits = formats.Limits(settings.max_pixels, settings.max_animation_pixels, settings.max_work)
    rules = imaging.Rules(settings.allowed_extensions, limits, settings.keep_metadata)
    with ExitStack() as files:
        with refusing(name, busy="checking of pictures"):
            admitted = imaging.admit(
                upload, rules, lambda: files.enter_context(storage.receive()), renderer.prove
            )
        facts, stored = admitted.facts, admitted.stored
        stored.flush_to_disk()
        moment = moment or datetime.now(UTC)
        row = {
            "filename": f"{public_name or image_names.new_name()}.{facts.kind}",
            "original_name": name or image_names.dated_name(moment, facts.kind),
            "size": stored.written,
            "upload_time": moment,
            "file_type": facts.kind,
            "width": facts.width,
            "height": facts.height,
            "orientation": facts.orientation,
            "sha256": stored.sha256,
        }
        image_id, first_of_day = record(row, stored, chosen=public_name is not None)
    image = Image(id=image_id, **row)
    log.info(
        "image uploaded",
        extra={
            "image": image.filename,
            "size": image.size,
            "original_name": image.original_name,
            **changes(admitted.report),
        },
    )
    if first_of_day:
        counts.fold_past_days()
    return image


def changes(report: formats.Report) -> dict[str, str]:
    """Write what was dropped from a picture and added to it, in bytes, as the log has it."""
    found = {"dropped": report.dropped, "added": report.added}
    return {
        name: ", ".join(f"{what} ({size})" for what, size in counts.items())
        for name, counts in found.items()
        if counts
    }


def record(row: dict[str, Any], stored: Incoming, *, chosen: bool) -> tuple[int, bool]:
    """Add the row, publish the bytes, commit; undo all of it where one fails.

    Return the row's id, and whether it is the first that its shard counts on that day. Raises NameTaken.
    """
    with writing() as connection:
        try:
            if chosen:
                image_rows.reserve(connection, row["filename"])
            image_id = image_rows.insert(connection, row)
            storage.publish(stored, row["filename"])
            first_of_day = counts.count_upload(connection, row["upload_time"].date())
        except (image_rows.NameTaken, sa.exc.IntegrityError, FileExistsError):
            # Another image has the name: an import chose it, or chance (one in 2**82). Its bytes must stay.
            raise
        except BaseException:
            undo(row["filename"])
            raise
        commit(connection, row["filename"])
    return image_id, first_of_day


def commit(connection: sa.Connection, filename: str) -> None:
    """Commit an image's row; undo the rest of its upload where that fails for sure."""
    try:
        connection.commit()
    except StorageFull:
        undo(filename)
        raise
    except BaseException:
        # Whether the row is there is not known: the answer may have been lost on its way. So the bytes stay;
        # without a row they are an orphan that clean-up finds.
        log.exception("commit of unknown outcome", extra={"image": filename})
        raise


def undo(filename: str) -> None:
    """Take the bytes back after a failure, whose own error is the one to be told."""
    with suppress(ImageHostError):
        storage.delete(filename)


def find(name: str) -> Image:
    """Return an image by its filename, or by its name without extension. Raises NotFound.

    A database from elsewhere may have several images of one name; then the oldest is returned.
    """
    filenames = [name] if "." in name else [f"{name}.{kind}" for kind in KINDS]
    found = db.session.scalars(sa.select(Image).where(Image.filename.in_(filenames))).all()
    if not found:
        raise NotFound
    return min(found, key=lambda image: image.id)


def open_bytes(image: Image) -> BinaryIO:
    """Open what an image consists of. Raises NotFound where it is lost, or was deleted a moment ago."""
    try:
        return storage.open(image.filename)
    except NotFound:
        log.warning("bytes missing", extra={"image": image.filename})
        raise


def delete(image_id: int) -> None:
    """Delete an image by its id. Raises NotFound, also for the second of two at the same time."""
    if image_id > LARGEST_ID:
        raise NotFound
    delete_where(Image.id == image_id)


def delete_by_filename(filename: str) -> None:
    """Delete an image by its public name. Raises NotFound."""
    delete_where(Image.filename == filename)


def delete_where(condition: sa.ColumnElement[bool]) -> None:
    """Remove the row, then the bytes. Raises Unavailable where these cannot be reached: they would stay."""
    ensure_storage()
    statement = sa.delete(IMAGES).where(condition).returning(IMAGES.c.filename, IMAGES.c.upload_time)
    with writing() as connection:
        row = connection.execute(statement).one_or_none()
        if row is None:
            raise NotFound
        counts.count_deletion(connection, row.upload_time.date())
        connection.commit()
    try:
        storage.delete(row.filename)
    except ImageHostError:
        # For the client the image is gone; what is left on the disk is clean-up's.
        log.exception("bytes of a deleted image left behind", extra={"image": row.filename})
    log.info("image deleted", extra={"image": row.filename})
