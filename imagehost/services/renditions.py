"""Renditions: made on the first request, kept as long as their image."""

import logging
from typing import BinaryIO

from imagehost import imaging
from imagehost.errors import NotFound
from imagehost.extensions import storage
from imagehost.models import Image
from imagehost.services import images
from imagehost.services.refusing import refusing
from imagehost.services.transactions import end_reading
from imagehost.storage.renditions import THUMBNAIL, Rendition

log = logging.getLogger(__name__)


def has(image: Image, rendition: Rendition) -> bool:
    """Tell whether an image has a rendition: each has a thumbnail, and large photographs have a preview.

    What is no photograph is shown as it is: a screenshot stays sharp, an animation moves.
    """
    large = max(image.width, image.height) > rendition.side
    return rendition is THUMBNAIL or (image.file_type == "jpg" and large)


def get(image: Image, rendition: Rendition) -> BinaryIO:
    """Open an image's rendition; make it where there is none, once however many ask.

    Raises NotFound where it has no such rendition or the bytes are missing, DamagedImage where they cannot be
    decoded.
    """
    if not has(image, rendition):
        raise NotFound
    name = rendition.of(image.filename)
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
            make(image, rendition)
    return storage.open_rendition(name)


def make(image: Image, rendition: Rendition) -> None:
    """Render and keep a rendition."""
    name = rendition.of(image.filename)
    with images.open_bytes(image) as original, refusing(image.original_name):
        content = imaging.render(original, image.file_type, rendition.side)
    storage.publish_rendition(name, content)
    log.debug("%s made", rendition.name, extra={"image": image.filename, "size": len(content)})
    if not storage.exists(image.filename):
        # Deleted meanwhile: the deletion took its renditions away before this one was there.
        storage.delete_rendition(name)
        raise NotFound
