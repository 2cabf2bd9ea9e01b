"""The list of images."""

from flask import Blueprint, Response, request
from flask_babel import lazy_gettext as _

from imagehost.domain.errors import BadRequest
from imagehost.limits.counters import limited
from imagehost.services import lists
from imagehost.web import parameters, representations
from imagehost.web.converters import whole_number
from imagehost.web.responses import is_for_program, render_unless_known

bp = Blueprint("listing", __name__)

MOST_PER_PAGE = 100


@bp.get("/images-list")
@limited("lists")
def index() -> Response:
    """Show a page of the images, newest first."""
    page = lists.page(page_number(request.args.get("page", "1")), per_page())
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


def per_page() -> int:
    """Read how many images a program wants on a page. Pages for people have ten. Raises BadRequest."""
    if not is_for_program():
        return lists.PER_PAGE
    parameters.allow_only("page", "per_page")
    return parameters.number_up_to(MOST_PER_PAGE, "per_page") or lists.PER_PAGE
