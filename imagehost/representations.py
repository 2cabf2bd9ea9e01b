"""How an image looks in JSON, and the addresses that belong to it."""

from datetime import UTC, datetime

from flask import request, url_for

from imagehost.extensions import settings
from imagehost.models import Image
from imagehost.services.listing import PER_PAGE, Page


def image_url(filename: str) -> str:
    """Give the address of an image's bytes."""
    return url_for("media.image", filename=filename)


def thumbnail_url(filename: str) -> str:
    """Give the address of an image's thumbnail."""
    return url_for("media.thumbnail", filename=filename)


def absolute(path: str) -> str:
    """Complete an address by ``PUBLIC_URL``, or else by how this request came in."""
    return (settings.public_url or request.host_url.rstrip("/")) + path


def timestamp(moment: datetime) -> str:
    """Write a moment as 2025-01-24T15:30:00Z (ISO 8601, UTC)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


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


def page(page: Page) -> dict[str, object]:
    """Write a page of the list."""
    pagination = {"total_pages": page.total_pages, "total_items": page.total_items, "per_page": PER_PAGE}
    images = [listed(image) for image in page.images]
    return {"status": "success", "page": page.number, "pagination": pagination, "data": images}


def uploaded(image: Image) -> dict[str, object]:
    """Write an image just uploaded, its addresses ready to share."""
    return {
        "status": "success",
        "url": absolute(image_url(image.filename)),
        **facts(image),
        "thumbnail_url": absolute(thumbnail_url(image.filename)),
        "view_url": absolute(url_for("viewing.show", filename=image.filename)),
    }
