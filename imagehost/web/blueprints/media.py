"""The bytes of images and of their renditions."""

import os
from http import HTTPStatus
from typing import BinaryIO
from urllib.parse import quote

from flask import Blueprint, Response, make_response, redirect, url_for
from werkzeug.exceptions import PreconditionFailed, RequestedRangeNotSatisfiable
from werkzeug.wsgi import wrap_file

from imagehost.db.models import Image
from imagehost.domain.errors import DamagedImage, NotFound, TooCostly
from imagehost.domain.kinds import KINDS
from imagehost.domain.rendition_sizes import PREVIEWS, RENDITION_VERSION, THUMBNAIL, Rendition
from imagehost.services import images, renditions
from imagehost.web.binding import client_connection, current_actor, current_host, current_request
from imagehost.web.limits import count_rendering
from imagehost.web.responses import is_for_picture, varied

bp = Blueprint("media", __name__)

PICTURE_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}


@bp.get("/images/<filename:filename>")
def image(filename: str) -> Response:
    """Send an image."""
    row = images.find_image(current_host(), current_actor(), filename)
    answer = send_file(
        row, images.open_bytes(current_host(), row), KINDS[row.file_type].mime_type, etag=row.sha256
    )
    name = quote(row.original_name or row.filename, safe="")
    answer.headers["Content-Disposition"] = f"inline; filename*=UTF-8''{name}"
    return answer


@bp.get("/thumbnails/<filename:filename>.webp")
def thumbnail(filename: str) -> Response:
    """Send an image's thumbnail."""
    return send_rendition(images.find_image(current_host(), current_actor(), filename), THUMBNAIL)


@bp.get("/previews/<int:side>/<filename:filename>.webp")
def preview(side: int, filename: str) -> Response:
    """Send one of an image's previews."""
    if side not in PREVIEWS:
        raise NotFound
    return send_rendition(images.find_image(current_host(), current_actor(), filename), PREVIEWS[side])


def send_rendition(row: Image, rendition: Rendition) -> Response:
    """Send a rendition. It is made if it does not exist.

    If it cannot be made, an <img> is redirected to the image itself.
    """
    try:
        file = renditions.get_rendition(
            current_host(),
            current_actor(),
            row,
            rendition,
            before_making=count_rendering,
            client=client_connection(),
        )
    except (DamagedImage, TooCostly):
        if not is_for_picture():
            raise
        return instead(row)
    return send_file(
        row, file, KINDS["webp"].mime_type, etag=f"{row.sha256}-{rendition.side}-{RENDITION_VERSION}"
    )


def instead(row: Image) -> Response:
    """Redirect to an image whose rendition cannot be made. Later versions may be able to make it."""
    answer = make_response(redirect(url_for("media.image", filename=row.filename)))
    answer.headers.update({**PICTURE_HEADERS, "Cache-Control": "public, max-age=3600"})
    return varied(answer)


def send_file(row: Image, file: BinaryIO, mime_type: str, etag: str) -> Response:
    """Send a file, or a requested range, or 304 if the client has the file (RFC 9110, sections 13 and 14)."""
    size = os.fstat(file.fileno()).st_size
    request = current_request()
    answer = Response(
        wrap_file(request.environ, file), mimetype=mime_type, headers=PICTURE_HEADERS, direct_passthrough=True
    )
    answer.call_on_close(file.close)
    answer.content_length = size
    answer.last_modified = row.upload_time
    answer.set_etag(etag)
    asked = request.range
    # Several ranges, and ranges in another unit, are ignored: the client gets the whole file.
    one_range = asked is not None and asked.units == "bytes" and len(asked.ranges) == 1
    try:
        answer.make_conditional(request, accept_ranges=True, complete_length=size if one_range else None)
    except RequestedRangeNotSatisfiable:
        answer.close()
        raise
    if answer.status_code == HTTPStatus.PRECONDITION_FAILED:
        answer.close()
        raise PreconditionFailed
    return answer
