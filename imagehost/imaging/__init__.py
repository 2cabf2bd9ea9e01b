"""Check, decode and scale pictures. Only this package imports Pillow and libmagic."""

from imagehost.imaging.budgets import Plan
from imagehost.imaging.checking import Admitted, Facts, Rules, WrongKind, admit, detect_kind, is_picture
from imagehost.imaging.renderer import Renderer, RenderingTooCostly
from imagehost.imaging.rendering import render_picture, rendered_size
from imagehost.imaging.resources import available
from imagehost.imaging.waiting import NotNow, Reported

__all__ = [
    "Admitted",
    "Facts",
    "NotNow",
    "Plan",
    "Renderer",
    "RenderingTooCostly",
    "Reported",
    "Rules",
    "WrongKind",
    "admit",
    "available",
    "detect_kind",
    "is_picture",
    "render_picture",
    "rendered_size",
]
