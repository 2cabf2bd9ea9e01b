"""The list of images."""

from flask import Blueprint, Response
from flask_babel import lazy_gettext as _
from werkzeug.datastructures import MultiDict

from imagehost.services import lists
from imagehost.web import parameters, representations
from imagehost.web.binding import current_actor, current_host, current_request
from imagehost.web.errors import BadRequest
from imagehost.web.limits import limited
from imagehost.web.parameters import whole_number
from imagehost.web.responses import is_for_program, render_unless_known

bp = Blueprint("listing", __name__)

MOST_PER_PAGE = 100


@bp.get("/images-list")
@limited("lists")
def index() -> Response:
    """Show a page of the images, newest first."""
    given = current_request().args
    number = page_number(given.get("page", "1"))
    page = lists.get_page(current_host(), current_actor(), number, per_page(given))
    return render_unless_known(
        representations.page_as_json(page),
        state=representations.page_fingerprint(page),
        page="images/index.html",
        fragment="images/_tab.html",
        page_of_images=page,
    )


def page_number(text: str) -> int:
    """Return the number of a page. Raises BadRequest if it is not a whole number from 1 up."""
    number = whole_number(text)
    if number is None:
        page = repr(text[:40])
        raise BadRequest(
            _("There is no page %(page)s: a page number must be a whole number of at least 1.", page=page)
        )
    return number


def per_page(given: MultiDict[str, str]) -> int:
    """Return how many images a program wants on a page. Pages for people have ten. Raises BadRequest."""
    if not is_for_program():
        return lists.PER_PAGE
    parameters.allow_only(given, "page", "per_page")
    return parameters.number_up_to(MOST_PER_PAGE, given, "per_page") or lists.PER_PAGE
