"""The page of one image."""

from urllib.parse import urlsplit

from flask import Blueprint, render_template, request, url_for

from imagehost import representations
from imagehost.kinds import MIME_TYPES
from imagehost.services import images

bp = Blueprint("viewing", __name__)


@bp.get("/view/<filename:filename>")
def show(filename: str) -> str:
    """Show an image with its links to copy; right after its upload, the first one is ready to be copied."""
    image = images.find(filename)
    return render_template(
        "view/index.html",
        image=image,
        links=representations.uploaded(image),
        mime_type=MIME_TYPES[image.file_type],
        autofocus=urlsplit(request.referrer or "").path == url_for("upload.index"),
    )
