"""The page of one image."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from flask import Blueprint, render_template, request, url_for

from imagehost import representations
from imagehost.kinds import KINDS
from imagehost.models import Image
from imagehost.services import images

bp = Blueprint("viewing", __name__)

A_MOMENT = timedelta(minutes=1)


@bp.get("/view/<filename:filename>")
def show(filename: str) -> str:
    """Show an image with its links to copy; right after its upload, the first one is ready to be copied."""
    image = images.find(filename)
    return render_template(
        "view/index.html",
        image=image,
        links=representations.uploaded(image),
        mime_type=KINDS[image.file_type].mime_type,
        autofocus=was_just_uploaded(image),
    )


def was_just_uploaded(image: Image) -> bool:
    """Tell whether the visitor comes from the form with this image: only then may its link take the focus."""
    came_from_form = request.referrer is not None and urlsplit(request.referrer).path == url_for(
        "upload.index"
    )
    return came_from_form and datetime.now(UTC) - image.upload_time < A_MOMENT
