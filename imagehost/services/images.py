"""Upload, find and delete images. The order of the steps never loses an image.

Upload: write the bytes to disk, add the row, publish the bytes under their name, commit the row. Delete:
commit the removal of the row, then remove the bytes. A crash between two steps may leave a file without a
row, but never a row without its file.
"""

import logging
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from typing import BinaryIO

import sqlalchemy as sa

from imagehost import formats, imaging
from imagehost.db import counts
from imagehost.db.models import Image
from imagehost.domain import image_names
from imagehost.domain.errors import EmptyFile, ImageHostError, NotFound, Unavailable
from imagehost.domain.kinds import KINDS
from imagehost.domain.policy import Action, Actor, require
from imagehost.host import Host
from imagehost.services.image_rows import IMAGES
from imagehost.services.picture_errors import refusing
from imagehost.services.upload_transaction import publish_upload
from imagehost.storage.spool import Incoming

LARGEST_ID = 2**31 - 1
"""The largest id that the databases' keys can hold. A query for a larger number would fail."""

log = logging.getLogger(__name__)


def receive_upload(host: Host) -> Incoming:
    """Open a temporary file for the bytes of an upload."""
    ensure_storage(host)
    return host.storage.receive()


def ensure_storage(host: Host) -> None:
    """Set up the storage if it is new. Raises Unavailable if it had images and is gone (e.g. not mounted)."""
    if host.storage.is_ready():
        return
    with host.database.reading() as session:
        total = counts.total(session)
    # Checked again after the count: meanwhile another request may have set it up and uploaded an image.
    if total and not host.storage.is_ready():
        log.error("storage marker missing", extra={"images_dir": str(host.settings.images_dir)})
        raise Unavailable("storage")
    host.storage.initialise()


def add_image(
    host: Host,
    actor: Actor,
    upload: Incoming,
    original_name: str,
    *,
    public_name: str | None = None,
    moment: datetime | None = None,
    client: int | None = None,
) -> Image:
    """Check an uploaded picture, store it and add its row. A refused or failed upload leaves nothing behind.

    Args:
        host: The host.
        actor: The user that uploads.
        upload: The uploaded bytes.
        original_name: The name of the uploaded file. If it is empty, the image is named after ``moment``.
        public_name: The image's name without extension, set by an import; None for a random name.
        moment: The time of the upload, set by an import; None for the current time.
        client: The descriptor of the connection that waits for the answer; None if there is none.

    Raises:
        EmptyFile: if the upload has no bytes.
        Refused: one of its subclasses that ``refusing`` raises, if the picture is not accepted.
        NameTaken: if another image has ``public_name``.
        Unavailable, StorageFull: if the database or the storage does not work.
    """
    require(actor, Action.UPLOAD)
    name = image_names.clean_name(original_name)
    if not upload.written:
        raise EmptyFile(name)
    settings = host.settings
    limits = formats.Limits(settings.max_pixels, settings.max_animation_pixels, settings.max_work)
    rules = imaging.Rules(settings.allowed_extensions, limits, settings.keep_metadata)
    with ExitStack() as files:
        with refusing(host, name, busy="picture check"):
            admitted = imaging.admit(
                upload,
                rules,
                lambda: files.enter_context(host.storage.receive()),
                partial(host.renderer.prove, client),
            )
        facts, stored = admitted.facts, admitted.stored
        stored.flush_to_disk()
        moment = moment or host.clock()
        row = {
            "filename": f"{public_name or host.new_name()}.{facts.kind}",
            "original_name": name or image_names.dated_name(moment, facts.kind),
            "size": stored.written,
            "upload_time": moment,
            "file_type": facts.kind,
            "width": facts.width,
            "height": facts.height,
            "orientation": facts.orientation,
            "sha256": stored.sha256,
        }
        image_id, first_of_day = publish_upload(host, row, stored, chosen=public_name is not None)
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
        counts.fold_past_days(host.database, host.clock().date())
    return image


def changes(report: formats.CleaningReport) -> dict[str, str]:
    """Describe the data that was removed from a picture and added to it, in bytes, for the log."""
    found = {"dropped": report.dropped, "added": report.added}
    return {
        name: ", ".join(f"{what} ({size})" for what, size in counts.items())
        for name, counts in found.items()
        if counts
    }


def find_image(host: Host, actor: Actor, name: str) -> Image:
    """Return an image by its filename, or by its name without extension. Raises NotFound.

    A database from another host may have several images of one name; then the oldest is returned.
    """
    require(actor, Action.VIEW)
    filenames = [name] if "." in name else [f"{name}.{kind}" for kind in KINDS]
    with host.database.reading() as session:
        found = session.scalars(sa.select(Image).where(Image.filename.in_(filenames))).all()
    if not found:
        raise NotFound
    return min(found, key=lambda image: image.id)


def open_bytes(host: Host, image: Image) -> BinaryIO:
    """Open the bytes of an image. Raises NotFound if they are lost or were deleted a moment ago."""
    try:
        return host.storage.open(image.filename)
    except NotFound:
        log.warning("bytes missing", extra={"image": image.filename})
        raise


def delete_image(host: Host, actor: Actor, image_id: int) -> None:
    """Delete an image by its id. Raises NotFound, also for the second of two simultaneous requests."""
    if image_id > LARGEST_ID:
        raise NotFound
    delete_where(host, actor, Image.id == image_id)


def delete_image_by_filename(host: Host, actor: Actor, filename: str) -> None:
    """Delete an image by its public name. Raises NotFound."""
    delete_where(host, actor, Image.filename == filename)


def delete_where(host: Host, actor: Actor, condition: sa.ColumnElement[bool]) -> None:
    """Remove the row, then the bytes. Raises Unavailable if the storage is gone: the bytes would remain.

    Raises NotFound if no image matches, and Forbidden.
    """
    require(actor, Action.DELETE)
    ensure_storage(host)
    statement = sa.delete(IMAGES).where(condition).returning(IMAGES.c.filename, IMAGES.c.upload_time)
    with host.database.writing() as connection:
        row = connection.execute(statement).one_or_none()
        if row is None:
            raise NotFound
        counts.count_deletion(connection, row.upload_time.date())
        connection.commit()
    try:
        host.storage.delete(row.filename)
    except ImageHostError:
        # For the client the image is deleted. Clean-up removes the bytes that remain on the disk.
        log.exception("bytes of a deleted image left behind", extra={"image": row.filename})
    log.info("image deleted", extra={"image": row.filename})
