"""Decide by its pixels whether a picture is whole whose end marker was missing."""

import hashlib
import importlib
import io
import re
from collections.abc import Callable, Sequence
from typing import BinaryIO

from imagehost.formats import Malformed
from imagehost.imaging.pillow import BROKEN, opened

END = b"\xff\xd9"
LENGTH = 64
FILLINGS = (b"\x55" * LENGTH, b"\xaa" * LENGTH, b"\0" * LENGTH, b"\xff\0" * (LENGTH // 2))
"""What a decoder reads in place of the pixels that are missing: each makes it see others."""
FEW = 1
"""Of them, while the end of the picture is searched."""
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
    whole = agreed(content, FILLINGS)
    if whole is None:
        raise Malformed("it ends too early")

    def is_whole(length: int, fillings: Sequence[bytes]) -> bool:
        return agreed(content[:length], fillings) == whole

    # Nearly always the last byte is needed.
    if not is_whole(len(content) - 1, FILLINGS):
        return 0
    missing, enough = 0, len(content) - 1
    while enough - missing > 1:
        middle = (missing + enough) // 2
        missing, enough = (missing, middle) if is_whole(middle, FILLINGS[:FEW]) else (middle, enough)
    # With all fillings now: the first may happen to be what was there.
    while not is_whole(enough, FILLINGS):
        enough += 1
    return len(content) - enough


def agreed(content: bytes, fillings: Sequence[bytes]) -> Digest:
    """Decode what stands before an end marker, followed by each of the fillings.

    Returns the digest of the pixels if it is always the same.
    """
    first: Digest = None
    for filling in fillings:
        for between in restarts(content):
            digest = pixels(io.BytesIO(b"".join((content, between, filling, END))), "jpg")
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


def pixels(stream: BinaryIO, kind: str) -> Digest:
    """Decode all pixels, and hash them."""
    digest = hashlib.blake2b()
    try:
        with opened(stream, kind) as image:
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
