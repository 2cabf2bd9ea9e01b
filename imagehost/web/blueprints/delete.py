"""Delete an image."""

from flask import Blueprint, Response, url_for

from imagehost.services import images
from imagehost.web.binding import current_actor, current_host
from imagehost.web.limits import limited
from imagehost.web.responses import render_answer

bp = Blueprint("delete", __name__)

DELETED_ANSWER = {"status": "success", "message": "Image deleted successfully."}


@bp.delete("/delete/<int:image_id>", endpoint="destroy")
@bp.post("/delete/<int:image_id>", endpoint="destroy_by_form")
@limited("deletions")
def destroy(image_id: int) -> Response:
    """Delete an image: its row, its bytes, its renditions."""
    images.delete_image(current_host(), current_actor(), image_id)
    return render_answer(
        DELETED_ANSWER,
        page="images/index.html",
        fragment="images/_deleted.html",
        see_other=url_for("listing.index"),
        event="image-deleted",
    )
