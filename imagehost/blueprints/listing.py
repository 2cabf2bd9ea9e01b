"""The list of images."""

from flask import Blueprint, Response, request
from flask_babel import lazy_gettext as _

from imagehost import representations
from imagehost.converters import whole_number
from imagehost.errors import BadRequest
from imagehost.responses import render_unless_known
from imagehost.services import listing

bp = Blueprint("listing", __name__)


@bp.get("/images-list")
def index() -> Response:
    """Show a page of the images, newest first."""
    page = listing.page(page_number(request.args.get("page", "1")))
    return render_unless_known(
        representations.page(page),
        state=representations.state(page),
        page="images/index.html",
        fragment="images/_tab.html",
        page_of_images=page,
    )


def page_number(text: str) -> int:
    """Read the number of a page. Raises BadRequest for what is not a whole number from 1 up."""
    number = whole_number(text)
    if number is None:
        page = repr(text[:40])
        raise BadRequest(_("There is no page %(page)s: pages are whole numbers from 1 up.", page=page))
    return number
