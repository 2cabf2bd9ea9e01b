"""Look at pictures: the only importer of Pillow and libmagic."""

from imagehost.imaging.admission import Facts, Rules, admit, detect, is_picture
from imagehost.imaging.rendering import render, rendered_size

__all__ = ["Facts", "Rules", "admit", "detect", "is_picture", "render", "rendered_size"]
