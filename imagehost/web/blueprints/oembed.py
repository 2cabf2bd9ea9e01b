"""oEmbed (https://oembed.com): describe an image to other sites that know its address."""

import sys
from urllib.parse import unquote, urlsplit

from flask import Blueprint, Response, current_app, jsonify
from flask_babel import lazy_gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from imagehost.domain.errors import NotFound
from imagehost.domain.host_names import in_ascii
from imagehost.services import images
from imagehost.web import representations
from imagehost.web.binding import current_actor, current_host, current_request
from imagehost.web.errors import BadRequest, NoSuchFormat
from imagehost.web.parameters import whole_number

bp = Blueprint("oembed", __name__)

OEMBED_HEADERS = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
ENDPOINTS = {"viewing.show": "name", "media.image": "filename"}
"""The endpoints whose addresses name an image, and the part of the address that has the name."""


@bp.get("/oembed")
def show() -> Response:
    """Return the description of the image at an address of this host."""
    given = current_request().args
    if given.get("format", "json") != "json":
        raise NoSuchFormat
    box = limit(given, "maxwidth"), limit(given, "maxheight")
    image = images.find_image(current_host(), current_actor(), name_at(given.get("url", "")))
    return jsonify(representations.oembed_as_json(image, *box))


@bp.after_request
def open_to_all(answer: Response) -> Response:
    """Let the pages of other sites read the answer, even if it is an error."""
    answer.headers.update(OEMBED_HEADERS)
    return answer


def limit(given: MultiDict[str, str], name: str) -> int:
    """Return how long a side may be, in pixels. Raises BadRequest if that is not a whole number from 1 up."""
    text = given.get(name)
    if text is None:
        return sys.maxsize
    number = whole_number(text)
    if number is None:
        side = repr(text[:40])
        raise BadRequest(
            _("%(name)s is %(side)s: it must be a whole number of at least 1.", name=name, side=side)
        )
    return min(number, sys.maxsize)


def name_at(address: str) -> str:
    """Return the name of the image that an address refers to. Raises BadRequest, NotFound."""
    if not address:
        raise BadRequest(
            _("The parameter url is missing or empty. Set it to the address of an image or of its page.")
        )
    try:
        parts = urlsplit(address)
        endpoint, values = current_app.url_map.bind("").match(unquote(parts.path))
        host = in_ascii(parts.netloc)
    except (ValueError, HTTPException) as error:
        raise NotFound from error
    ours = parts.scheme in {"http", "https"} and host == urlsplit(representations.absolute("")).netloc
    if not ours or endpoint not in ENDPOINTS:
        raise NotFound
    name: str = values[ENDPOINTS[endpoint]]
    return name
