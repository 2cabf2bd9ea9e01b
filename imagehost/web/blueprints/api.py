"""The JSON interface for scripts and screenshot tools."""

import json
from collections.abc import Iterator
from itertools import chain

from flask import Blueprint, Response, current_app, jsonify, stream_with_context, url_for

from imagehost.services import images, lists
from imagehost.web import parameters, representations
from imagehost.web.binding import (
    client_connection,
    client_network,
    current_actor,
    current_host,
    current_request,
)
from imagehost.web.blueprints.delete import DELETED_ANSWER
from imagehost.web.limits import limited
from imagehost.web.responses import unless_known
from imagehost.web.streams import Streams
from imagehost.web.upload_request import uploaded_file

bp = Blueprint("api", __name__, url_prefix="/api/upload")

MOST_LISTED_AT_ONCE = 100
OF_LISTS = ("limit", "after")
PARAMETERS = {"api.index": OF_LISTS, "api.index_slash": OF_LISTS}


@bp.before_request
def refuse_unknown_parameters() -> None:
    """Refuse parameters that the address does not have. Raises BadRequest."""
    request = current_request()
    parameters.allow_only(request.args, *PARAMETERS.get(request.endpoint or "", ()))


@bp.post("", endpoint="create")
@bp.post("/", endpoint="create_slash")
@limited("uploads")
def create() -> Response:
    """Save the picture of the form."""
    upload, name = uploaded_file(current_request())
    image = images.add_image(current_host(), current_actor(), upload, name, client=client_connection())
    return jsonify(representations.uploaded_as_json(image))


@bp.get("", endpoint="index")
@bp.get("/", endpoint="index_slash")
@limited("lists")
def index() -> Response:
    """List the images: all of them, as one array that is written while it is read, or ``limit`` of them."""
    given = current_request().args
    limit = parameters.number_up_to(MOST_LISTED_AT_ONCE, given, "limit")
    after = parameters.read_cursor(given, "after")
    root = representations.absolute(representations.image_url(""))
    state = representations.answer_fingerprint(lists.list_fingerprint(current_host()), root, limit, after)
    return unless_known(state, lambda: some(limit, after) if limit else everything(after))


@bp.delete("/<filename:filename>")
@limited("deletions")
def destroy(filename: str) -> Response:
    """Delete an image: its row, its bytes, its renditions."""
    images.delete_image_by_filename(current_host(), current_actor(), filename)
    return jsonify(DELETED_ANSWER)


def some(limit: int, after: lists.Position | None) -> Response:
    """Return a part of the array, with a link to the next part."""
    # One more row shows whether there is another part.
    rows = lists.get_entries(current_host(), current_actor(), limit + 1, after)
    folder = representations.image_url("")
    answer = jsonify([representations.entry_as_json(row, folder) for row in rows[:limit]])
    if len(rows) > limit:
        last = rows[limit - 1]
        place = parameters.write_cursor((last.upload_time, last.id))
        address = url_for("api.index", limit=limit, after=place)
        answer.headers["Link"] = f'<{representations.absolute(address)}>; rel="next"'
    return answer


def everything(after: lists.Position | None) -> Response:
    """Return the array, or its part after a position: a long one as a stream, which waits for its turn."""
    if lists.fits_one_batch(current_host()):
        # A server that is killed while it answers has sent all of a short array or nothing.
        return Response("".join(pieces_of_json(after)), mimetype="application/json")
    streams: Streams = current_app.extensions["imagehost.streams"]
    pieces = streams.paced(client_network(), pieces_of_json(after))
    # The first piece is read before the status is sent, so that a lost database can still be reported by 503.
    first = next(pieces)
    answer = Response(stream_with_context(chain([first], pieces)), mimetype="application/json")
    answer.call_on_close(pieces.close)
    return answer


def pieces_of_json(after: lists.Position | None) -> Iterator[str]:
    """Yield the array as JSON, one batch of images at a time."""
    separator = "["
    folder = representations.image_url("")
    for batch in lists.all_entries(current_host(), current_actor(), after):
        yield separator + json.dumps([representations.entry_as_json(row, folder) for row in batch])[1:-1]
        separator = ",\n"
    yield "[]\n" if separator == "[" else "]\n"
