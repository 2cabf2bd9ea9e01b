"""Images as JSON, and their addresses."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import g, url_for

from imagehost import imaging
from imagehost.db.models import Image
from imagehost.domain.kinds import KINDS
from imagehost.domain.rendition_sizes import ALL, PREVIEWS, THUMBNAIL, Rendition
from imagehost.domain.version import VERSION
from imagehost.services import renditions
from imagehost.services.lists import Entry, Page
from imagehost.web import assets, languages
from imagehost.web.binding import current_host, own_origin

EXAMPLE = "a.jpg"
CACHE_AGE = 24 * 60 * 60
"""Seconds for which other sites may keep the description of an image, which may be deleted meanwhile."""


def image_url(filename: str) -> str:
    """Return the address of an image's bytes."""
    return address("media.image", filename=filename)


def thumbnail_url(filename: str) -> str:
    """Return the address of an image's thumbnail."""
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
    """Return the absolute address of an image's oEmbed description."""
    return absolute(url_for("oembed.show", url=absolute(view_url(image))))


def absolute(path: str) -> str:
    """Return an absolute address, with ``PUBLIC_URL`` or else with the scheme and host of this request."""
    return (current_host().settings.public_url or own_origin()) + path


def timestamp(moment: datetime) -> str:
    """Return a time as 2025-01-24T15:30:00Z (ISO 8601, UTC)."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").removesuffix("+00:00") + "Z"


def image_facts(image: Image) -> dict[str, object]:
    """Return the facts of an image, without its addresses."""
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


def listed_as_json(image: Image) -> dict[str, object]:
    """Return an image as an entry of a list. Its addresses are relative to this host."""
    return {
        **image_facts(image),
        "url": image_url(image.filename),
        "thumbnail_url": thumbnail_url(image.filename),
    }


def entry_as_json(image: Entry, folder: str) -> dict[str, object]:
    """Return an image as an entry of the array of all images. Addresses of bytes begin with ``folder``."""
    return {
        "filename": image.filename,
        "url": folder + image.filename,
        "created_at": timestamp(image.upload_time),
        "size": image.size,
        "original_name": image.original_name,
    }


def page_as_json(page: Page) -> dict[str, object]:
    """Return a page of the list as JSON."""
    pagination = {
        "total_pages": page.total_pages,
        "total_items": page.total_items,
        "per_page": page.per_page,
    }
    images = [listed_as_json(image) for image in page.images]
    return {"status": "success", "page": page.number, "pagination": pagination, "data": images}


def page_fingerprint(page: Page) -> str:
    """Return a fingerprint of a page of the list. Images never change, so their names are enough."""
    names = [image.filename for image in page.images]
    return answer_fingerprint(
        languages.current(), absolute(""), page.number, page.per_page, page.total_items, names
    )


def answer_fingerprint(*seen: object) -> str:
    """Return a fingerprint of an answer: of this release and of all values that the answer depends on."""
    return hashlib.sha256(repr((VERSION, assets.release(), *seen)).encode()).hexdigest()[:32]


def uploaded_as_json(image: Image) -> dict[str, object]:
    """Return an image that was just uploaded as JSON. Its addresses are absolute."""
    return {
        "status": "success",
        "url": absolute(image_url(image.filename)),
        **image_facts(image),
        "thumbnail_url": absolute(thumbnail_url(image.filename)),
        "view_url": absolute(view_url(image)),
    }


def size_of(rendition: Rendition, image: Image) -> tuple[int, int]:
    """Return width and height of an image's rendition, which is upright, in pixels."""
    return image.turned(imaging.rendered_size(image.width, image.height, rendition.side))


def srcset(image: Image) -> str:
    """Return the ``srcset`` of an image: its previews and the image itself. Empty if it has no previews."""
    widths = {
        rendition_url(preview, image.filename): size_of(preview, image)[0]
        for preview in PREVIEWS.values()
        if renditions.has_rendition(image, preview)
    }
    widths |= {image_url(image.filename): image.shown_size[0]} if widths else {}
    return ", ".join(f"{url} {width}w" for url, width in widths.items())


def within(size: tuple[int, int], box: tuple[int, int]) -> tuple[int, int]:
    """Return a size (width, height) in pixels, scaled down to fit in a box, or unchanged if it fits."""
    share = min(1, box[0] / size[0], box[1] / size[1])
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture that is shown for an image, by its absolute address: the image itself, or a rendition."""

    url: str
    size: tuple[int, int]
    mime_type: str


def picture_for(image: Image, box: tuple[int, int]) -> Picture:
    """Return the smallest picture of an image that is sharp in a box. It may be larger than the box.

    A GIF is always shown as it is, since its renditions are not animated.
    """
    shown = within(image.shown_size, box)
    if shown != image.shown_size and image.file_type != "gif":
        for rendition in (each for each in ALL if renditions.has_rendition(image, each)):
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


def oembed_as_json(image: Image, max_width: int, max_height: int) -> dict[str, object]:
    """Return the oEmbed description of an image that fits in a box of pixels (https://oembed.com)."""
    box = max_width, max_height
    picture, small = picture_for(image, box), size_of(THUMBNAIL, image)
    width, height = within(picture.size, box)
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
    if within(small, box) == small:
        answer["thumbnail_url"] = absolute(thumbnail_url(image.filename))
        answer["thumbnail_width"], answer["thumbnail_height"] = small
    return answer
