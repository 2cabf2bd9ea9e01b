"""The page of one image."""

from flask import Blueprint, render_template

from imagehost import representations
from imagehost.services import images

bp = Blueprint("viewing", __name__)


@bp.get("/view/<filename:filename>")
def show(filename: str) -> str:
    """Show an image with its links to copy."""
    image = images.find(filename)
    return render_template("view/index.html", image=image, links=representations.uploaded(image))
