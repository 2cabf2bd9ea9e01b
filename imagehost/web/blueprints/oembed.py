"""oEmbed (https://oembed.com): how other sites show an image, being given an address of ours."""

import sys
from urllib.parse import unquote, urlsplit

from flask import Blueprint, Response, current_app, jsonify, request
from flask_babel import lazy_gettext as _
from werkzeug.exceptions import HTTPException

from imagehost.domain.errors import BadRequest, NoSuchFormat, NotFound
from imagehost.domain.host_names import in_ascii
from imagehost.services import images
from imagehost.web import representations
from imagehost.web.converters import whole_number

bp = Blueprint("oembed", __name__)

HEADERS = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
ENDPOINTS = {"viewing.show": "name", "media.image": "filename"}
"""The endpoints whose addresses name an image, and the part of the address that has the name."""


@bp.get("/oembed")
def show() -> Response:
    """Describe the image at an address of ours."""
    if request.args.get("format", "json") != "json":
        raise NoSuchFormat
    room = limit("maxwidth"), limit("maxheight")
    image = images.find(name_at(request.args.get("url", "")))
    return jsonify(representations.oembed(image, *room))


@bp.after_request
def open_to_all(answer: Response) -> Response:
    """Let the pages of other sites read the answer, also where it is an error."""
    answer.headers.update(HEADERS)
    return answer


def limit(name: str) -> int:
    """Read how long a side may be, in pixels. Raises BadRequest for what is not a whole number from 1 up."""
    text = request.args.get(name)
    if text is None:
        return sys.maxsize
    number = whole_number(text)
    if number is None:
        side = repr(text[:40])
        raise BadRequest(
            _("%(name)s is %(side)s: it must be a whole number from 1 up.", name=name, side=side)
        )
    return min(number, sys.maxsize)


def name_at(address: str) -> str:
    """Tell whose image or page is at an address. Raises NotFound where it is none of ours."""
    if not address:
        raise BadRequest(_("No address was given. Send that of an image or of its page, in url."))
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
