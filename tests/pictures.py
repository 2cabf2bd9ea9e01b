"""Small real pictures as bytes."""

import importlib.util
import io
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw

PHOTOS = Path(importlib.util.find_spec("sklearn").submodule_search_locations[0]) / "datasets" / "images"
CHINA = PHOTOS / "china.jpg"
FLOWER = PHOTOS / "flower.jpg"


def photo(width: int = 640, height: int = 427) -> Image.Image:
    """Return a real photograph, scaled."""
    return original().resize((width, height))


@cache
def original() -> Image.Image:
    with Image.open(CHINA) as image:
        return image.convert("RGB")


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    content = io.BytesIO()
    image.save(content, {"jpg": "JPEG"}.get(kind, kind.upper()), **options)
    return content.getvalue()


@cache
def jpg(width: int = 64, height: int = 48, **options: object) -> bytes:
    return encode(photo(width, height), "jpg", **options)


@cache
def png(width: int = 64, height: int = 48, **options: object) -> bytes:
    return encode(photo(width, height), "png", **options)


@cache
def gif(width: int = 64, height: int = 48, frames: int = 3) -> bytes:
    images = [photo(width, height) for _ in range(frames)]
    for number, image in enumerate(images):
        ImageDraw.Draw(image).rectangle((number * 8, 0, number * 8 + 6, 6), fill="red")
    return encode(images[0], "gif", save_all=True, append_images=images[1:], duration=80, loop=0)


MAKE = {"jpg": jpg, "png": png, "gif": gif}


def pixels(content: bytes) -> list[tuple[str, tuple[int, int], bytes]]:
    """Return the pixels of every frame."""
    with Image.open(io.BytesIO(content)) as image:
        frames = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            frames.append((image.mode, image.size, image.tobytes()))
        return frames
