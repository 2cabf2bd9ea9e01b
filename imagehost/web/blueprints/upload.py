"""Uploading a picture."""

from flask import Blueprint, Response, jsonify, render_template, request

from imagehost.limits.counters import limited
from imagehost.services import images
from imagehost.web import page_texts, representations
from imagehost.web.binding import uploaded
from imagehost.web.responses import render

bp = Blueprint("upload", __name__)

A_DAY = 24 * 60 * 60


@bp.get("/upload")
def index() -> str:
    """Show the form."""
    return render_template("upload/index.html")


@bp.get("/formats")
def formats() -> Response:
    """Tell the page how it recognises files that are refused, and what it says of them."""
    answer = jsonify(page_texts.other_formats())
    answer.cache_control.max_age = A_DAY
    return answer


@bp.post("/upload")
@limited("uploads")
def create() -> Response:
    """Keep the picture of the form."""
    image = images.add(*uploaded(request))
    return render(
        representations.uploaded(image),
        page="upload/index.html",
        fragment="upload/_uploaded.html",
        see_other=representations.view_url(image),
        event="image-uploaded",
        image=image,
    )
