"""Renditions: made on the first request, kept as long as their image."""

import json
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO

from imagehost import formats, imaging
from imagehost.db.models import Image
from imagehost.db.transactions import end_reading
from imagehost.domain.errors import ImageHostError, NotFound
from imagehost.extensions import renderer, storage
from imagehost.services import images
from imagehost.services.picture_errors import refusing
from imagehost.storage.renditions import FAILED, THUMBNAIL, Rendition

SECONDS_TO_REMEMBER = 24 * 60 * 60
"""How long a failure counts; what it was due to may have changed after that."""

log = logging.getLogger(__name__)


def has(image: Image, rendition: Rendition) -> bool:
    """Tell whether an image has a rendition: each has a thumbnail, and large photographs have a preview.

    What is no photograph is shown as it is: a screenshot stays sharp, an animation moves.
    """
    large = max(image.width, image.height) > rendition.side
    return rendition is THUMBNAIL or (image.file_type == "jpg" and large)


def get(image: Image, rendition: Rendition, before_making: Callable[[], None]) -> BinaryIO:
    """Open an image's rendition; make it where there is none, once however many ask.

    Calls ``before_making`` if neither a rendition nor a failure is stored.

    Raises:
        NotFound: where the image has no such rendition, or the bytes are missing.
        DamagedImage, TooCostly: where it cannot be made.
        Unavailable.
    """
    if not has(image, rendition):
        raise NotFound
    name = rendition.of(image.filename)
    try:
        return storage.open_rendition(name)
    except NotFound:
        raise_failure(image, name)
    before_making()
    # Its turn may be long in coming, and others need the connection.
    end_reading()
    with refusing(image.original_name), renderer.turn(image.filename) as gone:
        try:
            # Whoever had the turn before may have made it.
            return storage.open_rendition(name)
        except NotFound:
            raise_failure(image, name)
            make(image, rendition, gone)
    return storage.open_rendition(name)


def make(image: Image, rendition: Rendition, gone: Callable[[], bool]) -> None:
    """Render and keep a rendition, or keep the reason why that failed."""
    name = rendition.of(image.filename)
    with images.open_bytes(image) as original:
        try:
            content = renderer.render(original, image.file_type, rendition.side, gone)
        except (formats.Malformed, imaging.TooCostly) as error:
            with suppress(ImageHostError):
                keep(image, name + FAILED, describe(error))
            log.warning("%s not made", rendition.name, extra={"image": image.filename, "reason": str(error)})
            raise
    keep(image, name, content)
    log.debug("%s made", rendition.name, extra={"image": image.filename, "size": len(content)})


def keep(image: Image, name: str, content: bytes) -> None:
    """Store what was made, unless the image is gone by then. Raises NotFound."""
    storage.publish_rendition(name, content)
    if not storage.exists(image.filename):
        # Deleted meanwhile: the deletion took its renditions away before this one was there.
        storage.delete_rendition(name)
        raise NotFound


def describe(error: formats.Malformed | imaging.TooCostly) -> bytes:
    """Write a failure for ``raise_failure``."""
    malformed = isinstance(error, formats.Malformed)
    return json.dumps({"malformed": malformed, "reason": str(error), "time": time.time()}).encode()


def raise_failure(image: Image, name: str) -> None:
    """Raise the error that a rendition failed with before, if it is to be remembered still.

    Raises DamagedImage or TooCostly.
    """
    try:
        with storage.open_rendition(name + FAILED) as file:
            failure = json.load(file)
        young = abs(time.time() - failure["time"]) < SECONDS_TO_REMEMBER
    except (NotFound, ValueError, KeyError, TypeError):
        return
    if not young:
        return
    with refusing(image.original_name):
        raise imaging.Reported(failure["reason"]) if failure["malformed"] else imaging.TooCostly
