"""The page of one image."""

from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Blueprint, Response, make_response, redirect, render_template, url_for

from imagehost.db.models import Image
from imagehost.services import images
from imagehost.web import representations
from imagehost.web.binding import current_actor, current_host, current_request
from imagehost.web.responses import is_for_picture, varied

bp = Blueprint("viewing", __name__)

A_MOMENT = timedelta(minutes=1)
PREVIEW_BOX = (1280, 1280)
"""The box of the picture for chat programs, in pixels: an original may be larger than they accept."""


@bp.get("/view/<name:name>")
def show(name: str) -> Response:
    """Show an image with its links to copy; right after its upload, the first one is ready to be copied."""
    image = images.find_image(current_host(), current_actor(), name)
    if name != image.name:
        return lead_on(image)
    return make_response(
        render_template(
            "view/index.html",
            image=image,
            links=representations.uploaded_as_json(image),
            picture=representations.picture_for(image, PREVIEW_BOX),
            autofocus=was_just_uploaded(image),
        )
    )


def lead_on(image: Image) -> Response:
    """Redirect from the former address of a page, which ends like the address of a picture.

    Sites that use it as a picture get the picture. That redirect is not permanent: the image may be deleted.
    """
    if is_for_picture():
        answer = make_response(redirect(representations.image_url(image.filename)))
        # Any site may show it in an <img>, like the image itself.
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    else:
        answer = make_response(redirect(representations.view_url(image), HTTPStatus.MOVED_PERMANENTLY))
    return varied(answer)


def was_just_uploaded(image: Image) -> bool:
    """Tell whether the visitor comes from the form with this image: only then may its link take the focus."""
    referrer = current_request().referrer
    came_from_form = referrer is not None and urlsplit(referrer).path == url_for("upload.index")
    return came_from_form and current_host().clock() - image.upload_time < A_MOMENT
