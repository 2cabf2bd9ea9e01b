"""Look at pictures: the only importer of Pillow and libmagic."""

from imagehost.imaging.admission import Admitted, Facts, Rules, WrongKind, admit, detect, is_picture
from imagehost.imaging.renderer import Renderer
from imagehost.imaging.rendering import render, rendered_size

__all__ = [
    "Admitted",
    "Facts",
    "Renderer",
    "Rules",
    "WrongKind",
    "admit",
    "detect",
    "is_picture",
    "render",
    "rendered_size",
]
