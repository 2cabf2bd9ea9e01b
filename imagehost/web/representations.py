"""How an image looks in JSON, and the addresses that belong to it."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import g, url_for

from imagehost import imaging
from imagehost.db.models import Image
from imagehost.domain.kinds import KINDS
from imagehost.domain.version import VERSION
from imagehost.extensions import settings
from imagehost.services import renditions
from imagehost.services.lists import Entry, Page
from imagehost.storage.renditions import ALL, PREVIEWS, THUMBNAIL, Rendition
from imagehost.web import assets, languages
from imagehost.web.guard import own_origin

EXAMPLE = "a.jpg"
CACHE_AGE = 24 * 60 * 60
"""Seconds that other sites may keep what they learned of an image, which may be deleted meanwhile."""


def image_url(filename: str) -> str:
    """Give the address of an image's bytes."""
    return address("media.image", filename=filename)


def thumbnail_url(filename: str) -> str:
    """Give the address of an image's thumbnail."""
    return address("media.thumbnail", filename=filename)


def view_url(image: Image) -> str:
    """Return the address of an image's page. It does not end like the address of a picture."""
    return address("viewing.show", name=image.name)


def address(endpoint: str, **part: str) -> str:
    """Return an address that contains a name. Its pattern is built once per request: a list has a hundred."""
    patterns: dict[str, str] = g.setdefault("patterns", {})
    ((key, name),) = part.items()
    if endpoint not in patterns:
        patterns[endpoint] = url_for(endpoint, _external=False, **{key: EXAMPLE})
    # Names have no character that needs quoting.
    return patterns[endpoint].replace(EXAMPLE, name)


def oembed_url(image: Image) -> str:
    """Give the address of what other sites learn of an image, ready to share."""
    return absolute(url_for("oembed.show", url=absolute(view_url(image))))


def absolute(path: str) -> str:
    """Complete an address by ``PUBLIC_URL``, or else by how this request came in."""
    return (settings.public_url or own_origin()) + path


def timestamp(moment: datetime) -> str:
    """Write a moment as 2025-01-24T15:30:00Z (ISO 8601, UTC)."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").removesuffix("+00:00") + "Z"


def facts(image: Image) -> dict[str, object]:
    """Give what is known of an image, without its addresses."""
    return {
        "id": image.id,
        "filename": image.filename,
        "original_name": image.original_name,
        "size": image.size,
        "size_kb": -(-image.size // 1024),
        "width": image.width,
        "height": image.height,
        "file_type": image.file_type,
        "upload_time": timestamp(image.upload_time),
    }


def listed(image: Image) -> dict[str, object]:
    """Write an image as an entry of a list, its addresses relative to this host."""
    return {**facts(image), "url": image_url(image.filename), "thumbnail_url": thumbnail_url(image.filename)}


def entry(image: Entry, folder: str) -> dict[str, object]:
    """Write an image as an entry of the array of all images. Addresses of bytes begin with ``folder``."""
    return {
        "filename": image.filename,
        "url": folder + image.filename,
        "created_at": timestamp(image.upload_time),
        "size": image.size,
        "original_name": image.original_name,
    }


def page(page: Page) -> dict[str, object]:
    """Write a page of the list."""
    pagination = {
        "total_pages": page.total_pages,
        "total_items": page.total_items,
        "per_page": page.per_page,
    }
    images = [listed(image) for image in page.images]
    return {"status": "success", "page": page.number, "pagination": pagination, "data": images}


def state(page: Page) -> str:
    """Name all that a page of the list looks like: images never change, so their names are enough."""
    names = [image.filename for image in page.images]
    return hashed(languages.current(), absolute(""), page.number, page.per_page, page.total_items, names)


def hashed(*seen: object) -> str:
    """Return a fingerprint of an answer: of this release and of all values that the answer depends on."""
    return hashlib.sha256(repr((VERSION, assets.release(), *seen)).encode()).hexdigest()[:32]


def uploaded(image: Image) -> dict[str, object]:
    """Write an image just uploaded, its addresses ready to share."""
    return {
        "status": "success",
        "url": absolute(image_url(image.filename)),
        **facts(image),
        "thumbnail_url": absolute(thumbnail_url(image.filename)),
        "view_url": absolute(view_url(image)),
    }


def size_of(rendition: Rendition, image: Image) -> tuple[int, int]:
    """Tell how large an image's rendition is, which is upright."""
    return image.turned(imaging.rendered_size(image.width, image.height, rendition.side))


def srcset(image: Image) -> str:
    """List an image's previews and itself with their widths, for browsers to choose from; or nothing."""
    widths = {
        rendition_url(preview, image.filename): size_of(preview, image)[0]
        for preview in PREVIEWS.values()
        if renditions.has(image, preview)
    }
    widths |= {image_url(image.filename): image.shown_size[0]} if widths else {}
    return ", ".join(f"{url} {width}w" for url, width in widths.items())


def within(size: tuple[int, int], room: tuple[int, int]) -> tuple[int, int]:
    """Scale a size down to fit in a room; leave one that fits."""
    share = min(1, room[0] / size[0], room[1] / size[1])
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture that is shown for an image, by its absolute address: the image itself, or a rendition."""

    url: str
    size: tuple[int, int]
    mime_type: str


def picture_for(image: Image, room: tuple[int, int]) -> Picture:
    """Choose the smallest picture of an image that is sharp in a room. The picture may be larger than that.

    A GIF is always shown as it is, since its renditions are not animated.
    """
    shown = within(image.shown_size, room)
    if shown != image.shown_size and image.file_type != "gif":
        for rendition in (each for each in ALL if renditions.has(image, each)):
            size = size_of(rendition, image)
            # Compare the longer side: the shorter one is rounded in two ways.
            if max(size) >= max(shown):
                url = rendition_url(rendition, image.filename)
                return Picture(absolute(url), size, KINDS["webp"].mime_type)
    return Picture(absolute(image_url(image.filename)), image.shown_size, KINDS[image.file_type].mime_type)


def rendition_url(rendition: Rendition, filename: str) -> str:
    """Return the address of an image's rendition."""
    if rendition is THUMBNAIL:
        return thumbnail_url(filename)
    return url_for("media.preview", side=rendition.side, filename=filename)


def oembed(image: Image, max_width: int, max_height: int) -> dict[str, object]:
    """Describe an image to a site that has so much room for it (https://oembed.com)."""
    room = max_width, max_height
    picture, small = picture_for(image, room), size_of(THUMBNAIL, image)
    width, height = within(picture.size, room)
    answer: dict[str, object] = {
        "version": "1.0",
        "type": "photo",
        "title": image.original_name or image.filename,
        "url": picture.url,
        "width": width,
        "height": height,
        "provider_name": "imagehost",
        "provider_url": absolute(url_for("pages.index")),
        "cache_age": CACHE_AGE,
    }
    if within(small, room) == small:
        answer["thumbnail_url"] = absolute(thumbnail_url(image.filename))
        answer["thumbnail_width"], answer["thumbnail_height"] = small
    return answer
