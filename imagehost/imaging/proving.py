"""Decide by its pixels whether a picture is whole whose end marker was missing."""

import hashlib
import importlib
import io
import re
from collections.abc import Callable, Sequence
from typing import BinaryIO

from imagehost.formats import Canvas, Limits, Malformed
from imagehost.formats.jpeg_segments import Jpeg
from imagehost.formats.source import Source
from imagehost.imaging.pillow import BROKEN, opened

END = b"\xff\xd9"
LENGTH = 64
NOISE = bytes(1 + byte % 254 for byte in hashlib.shake_256(b"imagehost").digest(LENGTH))
FILLINGS = (NOISE, bytes(255 - byte for byte in NOISE))
"""What a decoder reads in place of the pixels that are missing. No bit of both is the same."""
LEAST = 32
"""Bytes of the shortest trailer, unless it is text. The last bytes of a picture of one colour may make no
difference to its pixels either."""
TEXT = re.compile(rb"[ -~]{6}")
COARSE = 8
"""A decoder is about three times as quick if it makes so many pixels a side one."""
DRI, SOS = b"\xff\xdd\0\4", b"\xff\xda"
RESTART = re.compile(rb"\xff[\xd0-\xd7]")
IMAGE, CONTROL, TRAILER = 0x2C, 0xF9, 0x3B
"""Blocks of a GIF."""
ROWS = 64
"""That are looked at together: a copy of the whole would double the memory."""

Digest = bytes | None
"""Of all pixels, or None if they cannot be decoded."""


def prove(kind: str, stream: BinaryIO) -> int:
    """Decide whether a picture to which the walk added its end marker is whole.

    Returns how many bytes before that marker are no part of the picture.

    Raises:
        Malformed: if pixels are missing.
    """
    return PROOFS[kind](stream)


def prove_jpeg(stream: BinaryIO) -> int:
    """Decode a JPEG with different bytes before its end marker: equal pixels prove that none was read."""
    stream.seek(0)
    content = stream.read().removesuffix(END)
    whole = agreed(content, len(content), FILLINGS)
    if whole is None:
        raise Malformed("it ends too early")

    def is_whole(length: int) -> bool:
        return agreed(content, length, FILLINGS) == whole

    # Nearly always the last byte is needed.
    if agreed(content, len(content) - 1, FILLINGS[:1]) != whole:
        return 0
    enough = first_that(is_whole, nearly_whole(stream, content), len(content))
    rest = content[enough:]
    return len(rest) if len(rest) >= LEAST or TEXT.search(rest) else 0


def nearly_whole(stream: BinaryIO, content: bytes) -> int:
    """Find the length from which on a JPEG looks whole in few pixels: that is quick, and little is missing.

    A trailer can only be a part of the last scan.
    """
    jpeg = Jpeg(Source(stream), Canvas(Limits()))
    scan = next(each.start for each in reversed(jpeg.segments) if each.marker == SOS[1])
    start = scan + 2 + int.from_bytes(content[scan + 2 : scan + 4], "big")
    whole = agreed(content, len(content), FILLINGS[:1], COARSE)

    def is_enough(length: int) -> bool:
        return agreed(content, length, FILLINGS[:1], COARSE) == whole

    return between(is_enough, start, len(content))


def first_that(holds: Callable[[int], bool], start: int, stop: int) -> int:
    """Find the first number from ``start`` on for which something holds, as it does for ``stop``.

    It is quick if that number is near the start.
    """
    step = 1
    while start + step < stop and not holds(start + step - 1):
        start, step = start + step, 2 * step
    return between(holds, start - 1, min(start + step - 1, stop))


def between(holds: Callable[[int], bool], no: int, yes: int) -> int:
    """Find by bisection the first number for which something holds: not for ``no``, but for ``yes``."""
    while yes - no > 1:
        middle = (no + yes) // 2
        no, yes = (no, middle) if holds(middle) else (middle, yes)
    return yes


def agreed(content: bytes, length: int, fillings: Sequence[bytes], scale: int = 1) -> Digest:
    """Decode so many bytes of what stands before an end marker, with each filling in place of the rest.

    Returns the digest of the pixels if it is always the same.
    """
    first: Digest = None
    kept, rest = content[:length], len(content) - length
    for filling in fillings:
        for marker in restarts(kept):
            parts = (kept, marker, filling * (1 + rest // LENGTH), END)
            digest = pixels(io.BytesIO(b"".join(parts)), "jpg", scale)
            if digest is None or first not in {None, digest}:
                return None
            first = digest
    return first


def restarts(content: bytes) -> tuple[bytes, ...]:
    """Tell which markers may follow the last byte: none, or the next restart marker.

    A decoder that expects one skips everything else, so that a file cut right before it would seem whole.
    """
    if DRI not in content:
        return (b"",)
    last = RESTART.findall(content, content.rfind(SOS))[-1:]
    number = (last[0][1] + 1) % 8 if last else 0
    return b"", bytes((0xFF, 0xD0 + number))


def pixels(stream: BinaryIO, kind: str, scale: int = 1) -> Digest:
    """Decode all pixels, of a JPEG perhaps fewer, and hash them."""
    digest = hashlib.blake2b()
    try:
        with opened(stream, kind) as image:
            if scale > 1:
                image.draft(None, (image.width // scale, image.height // scale))
            image.load()
            for top in range(0, image.height, ROWS):
                digest.update(image.crop((0, top, image.width, min(top + ROWS, image.height))).tobytes())
    except BROKEN:
        return None
    return digest.digest()


def prove_gif(stream: BinaryIO) -> int:
    """Decode the last frame of a GIF; those before it are followed by another block."""
    stream.seek(0)
    if pixels(io.BytesIO(last_frame(stream.read())), "gif") is None:
        raise Malformed("it ends too early")
    return 0


def last_frame(content: bytes) -> bytes:
    """Make a GIF of the last frame of another, whose blocks the walk has checked."""
    first = position = 13 + colours(content[10])
    start = stop = control = 0
    while content[position] != TRAILER:
        begin = position
        if content[position] == IMAGE:
            position += 10 + colours(content[position + 9]) + 1
        else:
            position += 2
        while content[position]:
            position += content[position] + 1
        position += 1
        if content[begin] == IMAGE:
            start, stop, control = control or begin, position, 0
        elif content[begin + 1] == CONTROL:
            control = begin
    return content[:first] + content[start:stop] + bytes((TRAILER,))


def colours(flags: int) -> int:
    """Return the bytes of the table of colours that follows, by the flags of a header."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def prove_png(stream: BinaryIO) -> int:
    """Inflate the pixels of a PNG."""
    proof: Callable[[BinaryIO], int] = importlib.import_module("imagehost.formats.png_proof").prove
    return proof(stream)


PROOFS: dict[str, Callable[[BinaryIO], int]] = {"jpg": prove_jpeg, "png": prove_png, "gif": prove_gif}
