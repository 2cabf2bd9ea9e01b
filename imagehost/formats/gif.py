"""GIF (GIF87a, GIF89a specification): a screen, then blocks made of sub-blocks, up to the trailer."""

import re
import struct
from collections.abc import Iterator

from . import icc
from .canvas import Canvas
from .errors import Malformed
from .pieces import Added, Dropped, Kept, Piece
from .source import Source

VERSIONS = {b"GIF87a", b"GIF89a"}
TRAILER, IMAGE, EXTENSION = b";", b",", b"!"
EMPTY_SUB_BLOCK = b"\0"
"""The empty sub-block that ends a block."""
CONTROL_EXTENSION, PLAIN_TEXT_EXTENSION, COMMENT_EXTENSION, APPLICATION_EXTENSION = (
    b"\xf9",
    b"\x01",
    b"\xfe",
    b"\xff",
)
EXTENSION_SIZES = {CONTROL_EXTENSION: 4, PLAIN_TEXT_EXTENSION: 12}
EXTENSION_NAMES = {
    PLAIN_TEXT_EXTENSION: "plain text",
    COMMENT_EXTENSION: "comment",
    APPLICATION_EXTENSION: "application extension",
}
LOOPS = {b"NETSCAPE2.0", b"ANIMEXTS1.0"}
"""The application extensions that hold the number of repetitions of an animation."""
LOOP_COUNT = b"\x03\x01"
"""The length and the identifier of the sub-block with the count, which has two bytes."""
ICC_APPLICATION = b"ICCRGBG1012"
LONGEST_SUB_BLOCK = 255
"""The size of the longest sub-block, in bytes."""

_IMAGE = re.compile(rb",")


def walk_gif(source: Source, canvas: Canvas) -> Iterator[Piece]:
    """Yield the pieces of a GIF, up to its trailer, which is added if it is missing. Raises Malformed."""
    _screen(source, canvas)
    yield Kept(0, source.position)
    introducer = b""
    controlled = False  # whether a control block precedes the next frame
    while introducer != TRAILER:
        source.count_part()
        yield from _gap(source)
        start = source.position
        introducer = source.take(min(1, source.length - start))
        if introducer == EXTENSION:
            label = source.take(1)
            yield from _extension(source, label, start, controlled=controlled)
            controlled = label == CONTROL_EXTENSION or (controlled and label != PLAIN_TEXT_EXTENSION)
            continue
        if introducer == IMAGE:
            _image(source, canvas)
            controlled = False
        elif introducer != TRAILER:
            yield from _end(source, start, canvas, waiting=controlled or not canvas.frames)
            return
        yield Kept(start, source.position)
        if canvas.end_missing:
            yield Added(EMPTY_SUB_BLOCK + TRAILER, "end marker")
            return
    if not canvas.frames:
        raise Malformed("it contains no picture")


def _screen(source: Source, canvas: Canvas) -> None:
    """Read the size of the screen, which the first frame may enlarge."""
    version, width, height, flags = struct.unpack("<6sHHB2x", source.take(13))
    if version not in VERSIONS:
        raise Malformed("it does not begin like a GIF")
    canvas.declare(width, height)
    _skip_colours(source, flags)


def _skip_colours(source: Source, flags: int) -> None:
    """Skip the colour table, if the flags declare one."""
    if flags & 0x80:
        source.skip(3 << (flags & 7) + 1)


def _gap(source: Source) -> Iterator[Piece]:
    """Drop zeros between two blocks: Pillow would continue after them, browsers would stop there."""
    start = source.position
    source.skip_zeros()
    if source.position > start:
        yield Dropped(start, source.position, "bytes between blocks")


def _end(source: Source, start: int, canvas: Canvas, *, waiting: bool) -> Iterator[Piece]:
    """Add the trailer if the file ends without it, or continues with bytes that are not a block."""
    if start == source.length:
        if waiting:
            raise Malformed("it ends too early")
    elif waiting or _has_frame(source):
        raise Malformed("it contains an unknown GIF block")
    else:
        # Browsers stop here. Only decoding shows whether the frame before is complete.
        canvas.end_missing = True
        yield Dropped(start, source.length, "bytes after the end")
    yield Added(TRAILER, "end marker")


def _has_frame(source: Source) -> bool:
    """Tell whether a frame may follow later in the file. Pillow would find it, and browsers would not."""
    try:
        source.skip_until(_IMAGE, 1)
    except Malformed:
        return False
    return True


def _image(source: Source, canvas: Canvas) -> None:
    """Skip a frame and count it. If the file ends with its last sub-block, the end marker is missing."""
    left, top, width, height, flags = struct.unpack("<HHHHB", source.take(9))
    # Decoders enlarge the canvas for a frame that reaches beyond it.
    canvas.reach(left + width, top + height)
    canvas.add_frame(width, height)
    _skip_colours(source, flags)
    source.skip(1)
    start = source.position
    canvas.end_missing = not source.skip_sub_blocks()
    if canvas.end_missing and source.position == start:
        raise Malformed("it ends too early")


def _extension(source: Source, label: bytes, start: int, *, controlled: bool) -> Iterator[Piece]:
    """Yield the pieces of an extension."""
    size = source.take(1)[0]
    head = source.take(size)
    # Some programs write empty comments. Decoders disagree on the end of any other empty extension.
    if size != EXTENSION_SIZES.get(label, size) or not (size or label == COMMENT_EXTENSION):
        raise Malformed("a GIF block has the wrong length")
    data = source.position
    if size and not source.skip_sub_blocks():
        raise Malformed("it ends too early")
    stop = source.position
    if label == CONTROL_EXTENSION:
        yield Kept(start, stop)
    elif label == PLAIN_TEXT_EXTENSION and controlled:
        # By the standard, the control block before it belongs to it. If the whole extension were dropped, the
        # control block would apply to the next frame, so the extension is kept, without its text.
        yield from _shortened(start, data, stop, "plain text")
    elif label == APPLICATION_EXTENSION and head in LOOPS:
        yield from _loops(source, start, data, stop)
    elif label == APPLICATION_EXTENSION and head == ICC_APPLICATION:
        yield from _gif_profile(source, start, data, stop)
    else:
        yield Dropped(start, stop, EXTENSION_NAMES.get(label, "extension"))
    source.seek(stop)


def _shortened(start: int, data: int, stop: int, what: str) -> Iterator[Piece]:
    """Drop the sub-blocks of an extension from ``data`` on, except for the empty one that ends it."""
    yield Kept(start, data)
    if data < stop - 1:
        yield Dropped(data, stop - 1, what)
    yield Kept(stop - 1, stop)


def _loops(source: Source, start: int, data: int, stop: int) -> Iterator[Piece]:
    """Keep the number of repetitions, which browsers read only from a first sub-block of three bytes."""
    source.seek(data)
    if source.take(min(2, stop - data)) == LOOP_COUNT:
        yield from _shortened(start, data + 4, stop, "application extension")
    else:
        yield Dropped(start, stop, "application extension")


def _gif_profile(source: Source, start: int, data: int, stop: int) -> Iterator[Piece]:
    """Keep a colour profile, without private tags."""
    if stop - data > icc.LARGEST_PROFILE:
        raise Malformed("its colour profile is too large")
    source.seek(data)
    sub_blocks = []
    while size := source.take(1)[0]:
        sub_blocks.append(source.take(size))
    profile = b"".join(sub_blocks)
    left = icc.blanked(profile)
    if left is profile:
        yield Kept(start, stop)
        return
    yield Kept(start, data)
    yield Dropped(data, stop - 1, "colour profile")
    yield Added(_sub_blocks(left), "colour profile")
    yield Kept(stop - 1, stop)


def _sub_blocks(data: bytes) -> bytes:
    """Split data into sub-blocks, each after its length."""
    parts = (data[at : at + LONGEST_SUB_BLOCK] for at in range(0, len(data), LONGEST_SUB_BLOCK))
    return b"".join(bytes((len(part),)) + part for part in parts)
