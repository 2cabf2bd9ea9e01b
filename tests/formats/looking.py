"""The properties of a picture that a viewer can see, which must be the same before and after an upload."""

import io
import random
import warnings
from collections.abc import Callable
from typing import Any

from PIL import Image

from imagehost import formats
from imagehost.domain.kinds import KINDS
from imagehost.formats import exif, icc
from imagehost.imaging import proving

ROOMY = 10_000_000
MOST_FRAMES = 12
SEEN = (
    "duration",
    "loop",
    "background",
    "transparency",
    "blend",
    "disposal",
    "icc_profile",
    "jfif_density",
    "gamma",
)
DISPUTED = {
    "jpg": {"thumbnail", "JFIF header", "EXIF"},
    "png": {"colour profile", "colour space", "gamma", "transparency", "number of frames", "hidden frame"},
}
"""Parts that Pillow reads differently from browsers if they are damaged, by their names in the report."""


def canvas(pixels: int = ROOMY, animation_pixels: int = ROOMY, work: int = 100 * ROOMY) -> formats.Canvas:
    return formats.Canvas(formats.Limits(pixels, animation_pixels, work))


def clean(kind: str, data: bytes, **limits: int) -> bytes:
    """Return cleaned bytes. If nothing has to change, the same object is returned."""
    file, _ = formats.clean_picture(kind, io.BytesIO(data), canvas(**limits), io.BytesIO)
    return data if file is None else file.getvalue()


def stored(kind: str, data: bytes) -> bytes | None:
    """Return the stored bytes of any file, or None if it is refused."""
    whole = canvas()
    try:
        file, _ = formats.clean_picture(kind, io.BytesIO(data), whole, io.BytesIO)
        cleaned = data if file is None else file.getvalue()
        if whole.end_missing:
            rest = proving.prove_picture(kind, io.BytesIO(cleaned))
            cleaned = cleaned[: -2 - rest] + cleaned[-2:] if rest else cleaned
    except (formats.Malformed, formats.PixelLimit, formats.WorkLimit):
        return None
    return cleaned


def pieces(kind: str, data: bytes) -> list[formats.Piece]:
    """Return the pieces of a file, after a check that they cover its bytes and give the cleaned picture."""
    found = list(formats.walk_picture(kind, io.BytesIO(data), canvas()))
    at, made = 0, b""
    for piece in found:
        if isinstance(piece, formats.Added):
            made += piece.data
            continue
        assert piece.start == at <= piece.stop
        at = piece.stop
        made += data[piece.start : piece.stop] if isinstance(piece, formats.Kept) else b""
    assert at == len(data)
    assert made == clean(kind, data)
    return found


def look(kind: str, data: bytes) -> Any:
    """Decode all frames. Return None if Pillow cannot."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(data), formats=[KINDS[kind].pillow_format]) as image:
                # If a file has several JPEGs, the first one is the picture.
                count = 1 if kind == "jpg" else min(getattr(image, "n_frames", 1), MOST_FRAMES)
                return [_frame(image, index) for index in range(count)]
        except Exception:  # noqa: BLE001  # any error means that the picture cannot be decoded
            return None


def _frame(image: Image.Image, index: int) -> Any:
    image.seek(index)
    # Browsers ignore EXIF after the pixels, but Pillow reads it while it loads the pixels.
    orientation = exif.read_exif(image.info.get("exif", b""))
    image.load()
    facts = {key: image.info.get(key) for key in SEEN} | {"orientation": orientation}
    facts["icc_profile"] = icc.blanked(facts["icc_profile"] or b"")
    facts["disposed"] = getattr(image, "disposal_method", 0)
    return image.size, image.mode, image.getpalette(), image.tobytes(), facts


def looks_the_same(kind: str, data: bytes, cleaned: bytes) -> bool:
    """Return whether Pillow shows the same picture before and after, as far as Pillow can decide this."""
    before, after = look(kind, data), look(kind, cleaned)
    if before is None:
        # Pillow refuses some pictures only because of their metadata, or of damage that browsers repair.
        return after is None or kind in {"jpg", "png", "avif"}
    dropped = {piece.what for piece in pieces(kind, data) if isinstance(piece, formats.Dropped)}
    if dropped & DISPUTED.get(kind, set()):
        # Pillow uses damaged chunks, and the last one of several, but browsers ignore them. It shows a still
        # picture if there are two numbers of frames, and fills missing pixels with those of hidden frames.
        # tests/browser compares with browsers.
        return after is None or all(one[:-1] == other[:-1] for one, other in zip(before, after, strict=False))
    return before == after


def orientation(data: bytes) -> int:
    """Return the orientation of a picture, read by Pillow."""
    with Image.open(io.BytesIO(data)) as image:
        return image.getexif().get(0x0112, 1)


def mutated(data: bytes, random_: random.Random, tokens: list[bytes]) -> bytes:
    """Return a file with one to three changed places."""
    for _ in range(random_.choice((1, 1, 2, 3))):
        changes: list[Callable[[bytes, random.Random, list[bytes]], bytes]] = [
            _flip,
            _insert,
            _delete,
            _repeat,
            _swap,
        ]
        data = random_.choice(changes)(data, random_, tokens)
    return data


def _range(data: bytes, random_: random.Random) -> tuple[int, int]:
    start = random_.randrange(len(data) + 1)
    return start, min(len(data), start + random_.choice((1, 2, 4, 8, 16, 64, 300)))


def _flip(data: bytes, random_: random.Random, tokens: list[bytes]) -> bytes:
    changed = bytearray(data or b"?")
    # Headers affect a picture more than pixels do.
    at = random_.randrange(min(len(changed), random_.choice((32, 128, len(changed)))))
    changed[at] = random_.choice(
        (changed[at] ^ 1 << random_.randrange(8), 0, 1, 0xFF, random_.randrange(256))
    )
    return bytes(changed)


def _insert(data: bytes, random_: random.Random, tokens: list[bytes]) -> bytes:
    at, _ = _range(data, random_)
    return data[:at] + random_.choice([*tokens, random_.randbytes(3)]) + data[at:]


def _delete(data: bytes, random_: random.Random, tokens: list[bytes]) -> bytes:
    start, stop = _range(data, random_)
    return data[:start] + data[stop:]


def _repeat(data: bytes, random_: random.Random, tokens: list[bytes]) -> bytes:
    start, stop = _range(data, random_)
    return data[:stop] + data[start:stop] + data[stop:]


def _swap(data: bytes, random_: random.Random, tokens: list[bytes]) -> bytes:
    start, stop = _range(data, random_)
    end = min(len(data), 2 * stop - start)
    return data[:start] + data[stop:end] + data[start:stop] + data[end:]
