"""Thumbnails: made on the first request, kept as long as their image."""

import logging
from typing import BinaryIO

from imagehost import imaging
from imagehost.errors import NotFound
from imagehost.extensions import storage
from imagehost.models import Image
from imagehost.services import images
from imagehost.services.transactions import end_reading

log = logging.getLogger(__name__)


def get(image: Image) -> BinaryIO:
    """Open an image's thumbnail, a WebP; make it where there is none, once however many ask.

    Raises NotFound where the bytes are missing, DamagedImage where they cannot be decoded.
    """
    name = f"{image.filename}.webp"
    try:
        return storage.open_rendition(name)
    except NotFound:
        # Its turn may be long in coming, and others need the connection.
        end_reading()
    with storage.rendering(image.filename):
        try:
            # Whoever held the place before may have made it.
            return storage.open_rendition(name)
        except NotFound:
            make(image, name)
    return storage.open_rendition(name)


def make(image: Image, name: str) -> None:
    """Render and keep a thumbnail."""
    with images.open_bytes(image) as original:
        content = imaging.thumbnail(original, image.file_type, image.original_name)
    storage.publish_rendition(name, content)
    log.debug("thumbnail made", extra={"image": image.filename, "size": len(content)})
    if not storage.exists(image.filename):
        # Deleted meanwhile: the deletion took its renditions away before this one was there.
        storage.delete_rendition(name)
        raise NotFound
