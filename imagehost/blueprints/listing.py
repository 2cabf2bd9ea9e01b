"""The list of images."""

from flask import Blueprint, Response, request

from imagehost import representations
from imagehost.errors import BadRequest
from imagehost.responses import render
from imagehost.services import listing

bp = Blueprint("listing", __name__)

LONGEST_NUMBER = 4000
"""Digits: fewer than int() refuses, and about as many as a request line holds."""


@bp.get("/images-list")
def index() -> Response:
    """Show a page of the images, newest first."""
    page = listing.page(page_number(request.args.get("page", "1")))
    data = representations.page(page)
    return render(data, page="images/index.html", fragment="images/_list.html", page_of_images=page)


def page_number(text: str) -> int:
    """Read the number of a page. Raises BadRequest for what is not a whole number from 1 up."""
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER and int(text)):
        raise BadRequest(f"There is no page {text[:40]!r}: pages are whole numbers from 1 up.")
    return int(text)
