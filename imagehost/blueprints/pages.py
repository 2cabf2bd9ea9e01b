"""The start page."""

import random

from flask import Blueprint, render_template

bp = Blueprint("pages", __name__)

ILLUSTRATIONS = ("cat", "fox", "hedgehog", "owl", "whale")


@bp.get("/")
def index() -> str:
    """Greet a visitor, with one of five pictures."""
    return render_template("pages/index.html", illustration=random.choice(ILLUSTRATIONS))  # noqa: S311  # no secret
