"""The kinds of pictures, called by their extensions."""

MIME_TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
}
"""How each is sent."""

KINDS = tuple(MIME_TYPES)

DETECTED = {mime_type: kind for kind, mime_type in MIME_TYPES.items()} | {
    "image/apng": "png",
    "image/vnd.mozilla.apng": "png",
    "image/avif-sequence": "avif",
}
"""What libmagic, whose versions differ about animations, calls each."""

PILLOW_FORMATS = {"jpg": "JPEG", "png": "PNG", "gif": "GIF", "webp": "WEBP", "avif": "AVIF"}
"""What Pillow calls each."""
