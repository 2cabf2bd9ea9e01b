"""GIF (GIF87a, GIF89a specification): a screen, then blocks made of sub-blocks, up to the trailer."""

import struct
from collections.abc import Iterator

from .canvas import Canvas
from .errors import Malformed
from .pieces import Dropped, Kept, Piece
from .source import Source

VERSIONS = {b"GIF87a", b"GIF89a"}
TRAILER, IMAGE, EXTENSION = b";", b",", b"!"
CONTROL, PLAIN_TEXT, COMMENT, APPLICATION = b"\xf9", b"\x01", b"\xfe", b"\xff"
SIZES = {CONTROL: 4, PLAIN_TEXT: 12}
NAMES = {PLAIN_TEXT: "plain text", COMMENT: "comment", APPLICATION: "application extension"}
# How often an animation repeats, and the colour profile. Everything else (XMP among it) goes.
APPLICATIONS = (b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012")


def walk(source: Source, canvas: Canvas) -> Iterator[Piece]:
    """Yield what is kept of a GIF, up to its trailer."""
    _screen(source, canvas)
    yield Kept(0, source.position)
    introducer = b""
    controlled = False
    while introducer != TRAILER:
        source.count_part()
        start = source.position
        introducer = source.take(1)
        if introducer == EXTENSION:
            label = source.take(1)
            yield from _extension(source, label, start, controlled=controlled)
            controlled = label == CONTROL or (controlled and label != PLAIN_TEXT)
            continue
        if introducer == IMAGE:
            _image(source, canvas)
            controlled = False
        elif introducer != TRAILER:
            raise Malformed("it has a GIF block that nobody knows")
        yield Kept(start, source.position)
    if not canvas.frames:
        raise Malformed("it holds no picture")


def _screen(source: Source, canvas: Canvas) -> None:
    """Read the size of the screen, which the first frame may enlarge."""
    version, width, height, flags = struct.unpack("<6sHHB2x", source.take(13))
    if version not in VERSIONS:
        raise Malformed("it does not begin like a GIF")
    canvas.declare(width, height)
    _skip_colours(source, flags)


def _skip_colours(source: Source, flags: int) -> None:
    """Step over a colour table, where the flags announce one."""
    if flags & 0x80:
        source.skip(3 << (flags & 7) + 1)


def _image(source: Source, canvas: Canvas) -> None:
    """Step over a frame and count it."""
    left, top, width, height, flags = struct.unpack("<HHHHB", source.take(9))
    # Decoders enlarge the canvas for a frame that reaches beyond it.
    canvas.reach(left + width, top + height)
    canvas.add_frame(width, height)
    _skip_colours(source, flags)
    source.skip(1)
    source.skip_sub_blocks()


def _extension(source: Source, label: bytes, start: int, *, controlled: bool) -> Iterator[Piece]:
    """Yield what is kept of an extension."""
    size = source.take(1)[0]
    head = source.take(size)
    # Some programs write empty comments. On another empty extension decoders disagree where it ends.
    if size != SIZES.get(label, size) or not (size or label == COMMENT):
        raise Malformed("a GIF block has the wrong length")
    text = source.position
    if size:
        source.skip_sub_blocks()
    if label == CONTROL or (label == APPLICATION and head.startswith(APPLICATIONS)):
        yield Kept(start, source.position)
    elif label == PLAIN_TEXT and controlled:
        # The control block before it belongs to it by the standard, and would pass to the next frame
        # if the text were gone altogether: so its frame stays, without a word in it.
        yield Kept(start, text)
        yield Dropped(text, source.position - 1, "plain text")
        yield Kept(source.position - 1, source.position)
    else:
        yield Dropped(start, source.position, NAMES.get(label, "extension"))
