"""Look at pictures: the only importer of Pillow and libmagic."""

from imagehost.imaging.admission import Facts, Rules, admit, detect
from imagehost.imaging.rendering import render, rendered_size

__all__ = ["Facts", "Rules", "admit", "detect", "render", "rendered_size"]
