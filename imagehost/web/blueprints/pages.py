"""The start page, and the manifest that a phone needs to install the host as an application."""

import random

from flask import Blueprint, Response, jsonify, render_template, url_for
from flask_babel import gettext as _

from imagehost.domain.kinds import KINDS
from imagehost.web import languages
from imagehost.web.binding import current_host
from imagehost.web.forms import FIELD

bp = Blueprint("pages", __name__)

ILLUSTRATIONS = ("cat", "fox", "hedgehog", "owl", "whale")
ICON_SIDES = (192, 512)


@bp.get("/")
def index() -> str:
    """Show the start page, with one of five illustrations."""
    return render_template("pages/index.html", illustration=random.choice(ILLUSTRATIONS))  # noqa: S311  # no secret


@bp.get("/manifest.webmanifest")
def manifest() -> Response:
    """Describe the host as an application that pictures can be shared to (W3C Web App Manifest)."""
    icons = [
        {
            "src": url_for("static", filename=f"icons/{side}.png"),
            "sizes": f"{side}x{side}",
            "type": "image/png",
        }
        for side in ICON_SIDES
    ]
    accept = [KINDS[kind].mime_type for kind in current_host().settings.allowed_extensions]
    answer = jsonify(
        id=url_for("upload.index"),
        name="imagehost",
        short_name="imagehost",
        description=_("Upload a picture and share its link."),
        lang=languages.current(),
        start_url=url_for("upload.index"),
        scope=url_for("pages.index"),
        display="standalone",
        background_color="#ffffff",
        theme_color="#ffffff",
        icons=[*icons, {**icons[-1], "purpose": "maskable"}],
        share_target={
            "action": url_for("upload.create"),
            "method": "POST",
            "enctype": "multipart/form-data",
            "params": {"files": [{"name": FIELD, "accept": accept}]},
        },
    )
    answer.mimetype = "application/manifest+json"
    return answer
