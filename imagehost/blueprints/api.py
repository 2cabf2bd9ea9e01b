"""The JSON interface for scripts and screenshot tools."""

import json
from collections.abc import Iterator
from itertools import chain

from flask import Blueprint, Response, jsonify, request, stream_with_context

from imagehost import representations
from imagehost.blueprints.delete import DELETED
from imagehost.ratelimit import limited
from imagehost.request import uploaded
from imagehost.services import images, listing

bp = Blueprint("api", __name__, url_prefix="/api/upload")


@bp.post("", endpoint="create")
@bp.post("/", endpoint="create_slash")
@limited
def create() -> Response:
    """Keep the picture of the form."""
    return jsonify(representations.uploaded(images.add(*uploaded(request))))


@bp.get("", endpoint="index")
@bp.get("/", endpoint="index_slash")
def index() -> Response:
    """List every image, as one array, written while it is read."""
    entries = as_json()
    # The first one is read before the status goes out: a database that is gone is still told by a 503.
    first = next(entries)
    return Response(stream_with_context(chain([first], entries)), mimetype="application/json")


@bp.delete("/<filename:filename>")
def destroy(filename: str) -> Response:
    """Delete an image: its row, its bytes, its renditions."""
    images.delete_by_filename(filename)
    return jsonify(DELETED)


def as_json() -> Iterator[str]:
    """Write the array, a batch of images at a time."""
    separator = "["
    folder = representations.image_url("")
    for batch in listing.batches():
        entries = [
            {
                "filename": filename,
                "url": folder + filename,
                "created_at": representations.timestamp(upload_time),
                "size": size,
                "original_name": original_name,
            }
            for filename, upload_time, size, original_name, _ in batch
        ]
        yield separator + json.dumps(entries)[1:-1]
        separator = ",\n"
    yield "[]\n" if separator == "[" else "]\n"
