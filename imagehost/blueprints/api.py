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

EXAMPLE = "a.jpg"

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
    pieces: list[str] = []
    separator = "["
    # Made once: it is most of what an entry takes.
    folder = representations.image_url(EXAMPLE).removesuffix(EXAMPLE)
    for row in listing.every():
        entry = {
            "filename": row.filename,
            "url": folder + row.filename,
            "created_at": representations.timestamp(row.upload_time),
            "size": row.size,
            "original_name": row.original_name,
        }
        pieces.append(separator + json.dumps(entry))
        separator = ",\n"
        if len(pieces) == listing.BATCH:
            yield "".join(pieces)
            pieces.clear()
    yield "".join(pieces) + ("[]\n" if separator == "[" else "]\n")
