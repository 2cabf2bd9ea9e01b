"""Look at pictures: the only importer of Pillow and libmagic."""

from imagehost.imaging.budgets import Plan
from imagehost.imaging.checking import Admitted, Facts, Rules, WrongKind, admit, detect, is_picture
from imagehost.imaging.renderer import Renderer, TooCostly
from imagehost.imaging.rendering import render, rendered_size
from imagehost.imaging.resources import available
from imagehost.imaging.waiting import NotNow, Reported

__all__ = [
    "Admitted",
    "Facts",
    "NotNow",
    "Plan",
    "Renderer",
    "Reported",
    "Rules",
    "TooCostly",
    "WrongKind",
    "admit",
    "available",
    "detect",
    "is_picture",
    "render",
    "rendered_size",
]
