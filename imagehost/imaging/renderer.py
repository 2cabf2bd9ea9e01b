"""The renderer."""

from typing import BinaryIO

from imagehost import formats


class Renderer:
    """Decodes pictures."""

    def prove(self, kind: str, file: BinaryIO) -> int:
        """Decide whether a picture whose end marker was missing is whole. Raises formats.Malformed."""
        raise formats.Malformed("it ends too early")
