"""Make renditions on the first request, and store them until their image is deleted."""

import json
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO

from imagehost import formats, imaging
from imagehost.db.models import Image
from imagehost.domain.errors import ImageHostError, NotFound
from imagehost.domain.policy import Action, Actor, require
from imagehost.domain.rendition_sizes import FAILED, THUMBNAIL, Rendition
from imagehost.host import Host
from imagehost.services import images
from imagehost.services.picture_errors import refusing

SECONDS_TO_REMEMBER = 24 * 60 * 60
"""How long a failure is remembered. Its cause may be gone after that."""

log = logging.getLogger(__name__)


def has_rendition(image: Image, rendition: Rendition) -> bool:
    """Tell whether an image has a rendition: all have a thumbnail, and large photographs have previews.

    Other images are shown as they are: a screenshot remains sharp, and an animation moves.
    """
    large = max(image.width, image.height) > rendition.side
    return rendition is THUMBNAIL or (image.file_type == "jpg" and large)


def get_rendition(
    host: Host,
    actor: Actor,
    image: Image,
    rendition: Rendition,
    *,
    before_making: Callable[[], None] = lambda: None,
    client: int | None = None,
) -> BinaryIO:
    """Open an image's rendition. If there is none, make it, once for all requests at the same time.

    Calls ``before_making`` if neither a rendition nor a failure is stored. ``client`` is the descriptor of
    the connection that waits: the rendering is stopped if the client closes it.

    Raises:
        NotFound: if the image has no such rendition, or the bytes are missing.
        DamagedImage, TooCostly: if the rendition cannot be made.
        Unavailable: if the storage or the renderer does not answer.
    """
    require(actor, Action.VIEW)
    if not has_rendition(image, rendition):
        raise NotFound
    name = rendition.of(image.filename)
    try:
        return host.storage.open_rendition(name)
    except NotFound:
        raise_failure(host, image, name)
    before_making()
    with refusing(host, image.original_name), host.renderer.turn(image.filename, client) as gone:
        try:
            # The request that had the turn before may have made it.
            return host.storage.open_rendition(name)
        except NotFound:
            raise_failure(host, image, name)
            make_rendition(host, image, rendition, client, gone)
    return host.storage.open_rendition(name)


def make_rendition(
    host: Host, image: Image, rendition: Rendition, client: int | None, gone: Callable[[], bool]
) -> None:
    """Render and store a rendition. If that fails, store the reason."""
    name = rendition.of(image.filename)
    with images.open_bytes(host, image) as original:
        try:
            content = host.renderer.render(original, image.file_type, rendition.side, client, gone)
        except (formats.Malformed, imaging.RenderingTooCostly) as error:
            with suppress(ImageHostError):
                keep_rendition(host, image, name + FAILED, describe_failure(host, error))
            log.warning("%s not made", rendition.name, extra={"image": image.filename, "reason": str(error)})
            raise
    keep_rendition(host, image, name, content)
    log.debug("%s made", rendition.name, extra={"image": image.filename, "size": len(content)})


def keep_rendition(host: Host, image: Image, name: str, content: bytes) -> None:
    """Store a rendition, or the reason of a failure. Raises NotFound if the image was deleted meanwhile."""
    host.storage.publish_rendition(name, content)
    if not host.storage.exists(image.filename):
        # The image was deleted, and the deletion removed its renditions before this one was stored.
        host.storage.delete_rendition(name)
        raise NotFound


def describe_failure(host: Host, error: formats.Malformed | imaging.RenderingTooCostly) -> bytes:
    """Return a failure as JSON for ``raise_failure``."""
    malformed = isinstance(error, formats.Malformed)
    return json.dumps(
        {"malformed": malformed, "reason": str(error), "time": host.clock().timestamp()}
    ).encode()


def raise_failure(host: Host, image: Image, name: str) -> None:
    """Raise the error of an earlier attempt, unless it is older than ``SECONDS_TO_REMEMBER``.

    Raises DamagedImage or TooCostly.
    """
    try:
        with host.storage.open_rendition(name + FAILED) as file:
            failure = json.load(file)
        young = abs(host.clock().timestamp() - failure["time"]) < SECONDS_TO_REMEMBER
    except (NotFound, ValueError, KeyError, TypeError):
        return
    if not young:
        return
    with refusing(host, image.original_name):
        raise imaging.Reported(failure["reason"]) if failure["malformed"] else imaging.RenderingTooCostly
