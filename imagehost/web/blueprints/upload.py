"""Upload a picture."""

from flask import Blueprint, Response, jsonify, render_template

from imagehost.services import images
from imagehost.web import page_texts, representations
from imagehost.web.binding import client_connection, current_actor, current_host, current_request
from imagehost.web.limits import limited
from imagehost.web.responses import render_answer
from imagehost.web.upload_request import uploaded_file

bp = Blueprint("upload", __name__)

A_DAY = 24 * 60 * 60


@bp.get("/upload")
def index() -> str:
    """Show the form."""
    return render_template("upload/index.html")


@bp.get("/formats")
def formats() -> Response:
    """Return the signatures of refused formats, and the texts that a page shows about them."""
    answer = jsonify(page_texts.other_formats())
    answer.cache_control.max_age = A_DAY
    return answer


@bp.post("/upload")
@limited("uploads")
def create() -> Response:
    """Save the picture of the form."""
    image = images.add_image(
        current_host(), current_actor(), *uploaded_file(current_request()), client=client_connection()
    )
    return render_answer(
        representations.uploaded_as_json(image),
        page="upload/index.html",
        fragment="upload/_uploaded.html",
        see_other=representations.view_url(image),
        event="image-uploaded",
        image=image,
    )
