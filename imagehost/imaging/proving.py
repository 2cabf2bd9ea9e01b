"""Decide by the pixels of a picture without end marker whether it is complete."""

import hashlib
import importlib
import io
import re
from collections.abc import Callable, Sequence
from typing import BinaryIO

from imagehost.formats import Canvas, Limits, Malformed
from imagehost.formats.jpeg_segments import Jpeg
from imagehost.formats.source import Source
from imagehost.imaging.pillow import PILLOW_ERRORS, open_picture

JPEG_END = b"\xff\xd9"
LENGTH = 64
NOISE = bytes(1 + byte % 254 for byte in hashlib.shake_256(b"imagehost").digest(LENGTH))
FILLINGS = (NOISE, bytes(255 - byte for byte in NOISE))
"""Bytes that a decoder reads in place of missing pixels. The two differ in every bit."""
LEAST = 32
"""The size of the shortest trailer that is removed, in bytes, unless it is text. Fewer bytes may belong to
the picture: if it has only one colour, its last bytes may not change its pixels either."""
READABLE_TEXT = re.compile(rb"[ -~]{6}")
COARSE = 8
"""The factor by which each side is reduced while decoding, which is then about three times as fast."""
RESTART_INTERVAL, START_OF_SCAN = b"\xff\xdd\0\4", b"\xff\xda"
RESTART = re.compile(rb"\xff[\xd0-\xd7]")
GIF_IMAGE, GIF_CONTROL, GIF_TRAILER = 0x2C, 0xF9, 0x3B
"""Types of GIF blocks."""
HASHED_ROWS = 64
"""The number of rows that are hashed at once: a copy of all rows would double the memory."""

Digest = bytes | None
"""The digest of all pixels, or None if they cannot be decoded."""


def prove_picture(kind: str, stream: BinaryIO) -> int:
    """Check that a picture to which the walk added an end marker is complete.

    Returns:
        The number of bytes before that marker that do not belong to the picture.

    Raises:
        Malformed: if pixels are missing.
    """
    return PROOFS[kind](stream)


def prove_jpeg(stream: BinaryIO) -> int:
    """Decode a JPEG with different bytes before its end marker: equal pixels prove that none was read.

    Returns the number of bytes as ``prove_picture``. Raises Malformed.
    """
    stream.seek(0)
    content = stream.read().removesuffix(JPEG_END)
    whole = agreed(content, len(content), FILLINGS)
    if whole is None:
        raise Malformed("it ends too early")

    def is_whole(length: int) -> bool:
        return agreed(content, length, FILLINGS) == whole

    # The last byte is needed in nearly all pictures, so this check saves the search.
    if agreed(content, len(content) - 1, FILLINGS[:1]) != whole:
        return 0
    enough = first_that(is_whole, nearly_whole(stream, content), len(content))
    rest = content[enough:]
    return len(rest) if len(rest) >= LEAST or READABLE_TEXT.search(rest) else 0


def nearly_whole(stream: BinaryIO, content: bytes) -> int:
    """Return the shortest length at which a JPEG looks complete when it is decoded with few pixels.

    This is fast, and the length is only a little too short. A trailer can only be a part of the last scan.
    """
    jpeg = Jpeg(Source(stream), Canvas(Limits()))
    scan = next(each.start for each in reversed(jpeg.segments) if each.marker == START_OF_SCAN[1])
    start = scan + 2 + int.from_bytes(content[scan + 2 : scan + 4], "big")
    whole = agreed(content, len(content), FILLINGS[:1], COARSE)

    def is_enough(length: int) -> bool:
        return agreed(content, length, FILLINGS[:1], COARSE) == whole

    return between(is_enough, start, len(content))


def first_that(holds: Callable[[int], bool], start: int, stop: int) -> int:
    """Return the first number from ``start`` on for which ``holds`` returns True; it must do so for ``stop``.

    The search is fast if that number is near the start.
    """
    step = 1
    while start + step < stop and not holds(start + step - 1):
        start, step = start + step, 2 * step
    return between(holds, start - 1, min(start + step - 1, stop))


def between(holds: Callable[[int], bool], no: int, yes: int) -> int:
    """Return the first number for which ``holds`` is True: it is False for ``no`` and True for ``yes``."""
    while yes - no > 1:
        middle = (no + yes) // 2
        no, yes = (no, middle) if holds(middle) else (middle, yes)
    return yes


def agreed(content: bytes, length: int, fillings: Sequence[bytes], scale: int = 1) -> Digest:
    """Decode the first ``length`` bytes of a JPEG, with each filling in place of the rest.

    Returns:
        The digest of the pixels, or None if it is not the same for all fillings.
    """
    first: Digest = None
    kept, rest = content[:length], len(content) - length
    for filling in fillings:
        for marker in restarts(kept):
            parts = (kept, marker, filling * (1 + rest // LENGTH), JPEG_END)
            digest = pixels(io.BytesIO(b"".join(parts)), "jpg", scale)
            if digest is None or first not in {None, digest}:
                return None
            first = digest
    return first


def restarts(content: bytes) -> tuple[bytes, ...]:
    """Return the markers that may follow the last byte: none (empty bytes), or the next restart marker.

    A decoder that expects a restart marker skips all other bytes, so a file that was cut right before the
    marker would seem complete.
    """
    if RESTART_INTERVAL not in content:
        return (b"",)
    last = RESTART.findall(content, content.rfind(START_OF_SCAN))[-1:]
    number = (last[0][1] + 1) % 8 if last else 0
    return b"", bytes((0xFF, 0xD0 + number))


def pixels(stream: BinaryIO, kind: str, scale: int = 1) -> Digest:
    """Return the digest of all decoded pixels. A scale above 1 divides the sides of a decoded JPEG."""
    digest = hashlib.blake2b()
    try:
        with open_picture(stream, kind) as image:
            if scale > 1:
                image.draft(None, (image.width // scale, image.height // scale))
            image.load()
            for top in range(0, image.height, HASHED_ROWS):
                digest.update(
                    image.crop((0, top, image.width, min(top + HASHED_ROWS, image.height))).tobytes()
                )
    except PILLOW_ERRORS:
        return None
    return digest.digest()


def prove_gif(stream: BinaryIO) -> int:
    """Decode the last frame of a GIF. Earlier frames are complete, since another block follows them.

    Returns 0 as ``prove_picture``: all bytes belong to the picture. Raises Malformed.
    """
    stream.seek(0)
    if pixels(io.BytesIO(last_frame(stream.read())), "gif") is None:
        raise Malformed("it ends too early")
    return 0


def last_frame(content: bytes) -> bytes:
    """Return a GIF with only the last frame of a GIF whose blocks the walk has checked."""
    first = position = 13 + colours(content[10])
    start = stop = control = 0
    while content[position] != GIF_TRAILER:
        begin = position
        if content[position] == GIF_IMAGE:
            position += 10 + colours(content[position + 9]) + 1
        else:
            position += 2
        while content[position]:
            position += content[position] + 1
        position += 1
        if content[begin] == GIF_IMAGE:
            start, stop, control = control or begin, position, 0
        elif content[begin + 1] == GIF_CONTROL:
            control = begin
    return content[:first] + content[start:stop] + bytes((GIF_TRAILER,))


def colours(flags: int) -> int:
    """Return the size in bytes of the colour table that follows a header with these flags."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def prove_png(stream: BinaryIO) -> int:
    """Check by inflating the pixels that a PNG is complete."""
    proof: Callable[[BinaryIO], int] = importlib.import_module("imagehost.formats.png_proof").check_png_data
    return proof(stream)


PROOFS: dict[str, Callable[[BinaryIO], int]] = {"jpg": prove_jpeg, "png": prove_png, "gif": prove_gif}
