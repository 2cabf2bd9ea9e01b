"""Pictures that are also a page, a script, an archive or a document."""

import io
import struct
import zipfile
import zlib

from tests import pictures

SAY = "document.title = 'executed'; fetch('/executed');"
PAGE = f'<!doctype html><html><body><script>{SAY}</script><img src=x onerror="{SAY}"><svg onload="{SAY}">'
SCRIPT = "self.executed = true; self.addEventListener && fetch('/executed');"


def archive() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("META-INF/MANIFEST.MF", "Main-Class: Executed\n")
        file.writestr("index.html", PAGE)
    return content.getvalue()


DOCUMENT = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n"
    b"trailer<</Root 1 0 R>>"
)


def jpeg_with(comment: bytes, *, after: bytes = b"") -> bytes:
    """Make a photograph with a comment right after its first marker, and bytes after its end."""
    content = pictures.jpg(64, 48)
    return content[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + content[2:] + after


def jpeg_script() -> bytes:
    """Make a photograph that is a script: the length of its first segment begins a comment."""
    content = pictures.jpg(64, 48)
    body = b"*/=1;" + SCRIPT.encode() + b"/*"
    # FF D8 FF E0, and a length of 0x2F2A, which reads as "/*".
    head = b"\xff\xd8\xff\xe0/*" + b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"
    padding = bytes(0x2F2A - len(head) + 4)
    comment = b"\xff\xfe" + struct.pack(">H", len(body) + 2) + body
    return head + padding + comment + content[20:-2] + b"\xff\xfe\0\x0a*/////\x20\x20\x20" + b"\xff\xd9"


def gif_script() -> bytes:
    """Make a GIF that is a script: its width begins a comment, and its last block is code."""
    content = bytearray(pictures.gif(64, 48))
    content[6:8] = b"/*"
    code = b"*/=1;" + SCRIPT.encode() + b"//"
    return bytes(content[:-1]) + b"!\xfe" + bytes((len(code),)) + code + b"\0;"


def png_with(text: bytes, *, after: bytes = b"") -> bytes:
    content = pictures.png(64, 48)
    data = b"Comment\0" + text
    chunk = struct.pack(">I", len(data)) + b"tEXt" + data + struct.pack(">I", zlib.crc32(b"tEXt" + data))
    return content[:33] + chunk + content[33:] + after


POLYGLOTS = {
    "page-in-a-comment.jpg": jpeg_with(PAGE.encode()),
    "page-after-the-end.jpg": jpeg_with(b"x", after=PAGE.encode()),
    "script.jpg": jpeg_script(),
    "script.gif": gif_script(),
    "page.png": png_with(PAGE.encode()),
    "page-after-the-end.png": png_with(b"x", after=PAGE.encode()),
    "page.gif": pictures.gif()[:-1]
    + b"!\xfe"
    + bytes((len(PAGE[:250]),))
    + PAGE[:250].encode()
    + b"\0;"
    + PAGE.encode(),
    "archive.jpg": jpeg_with(b"x", after=archive()),
    "archive.png": png_with(b"x", after=archive()),
    "document.jpg": jpeg_with(DOCUMENT, after=DOCUMENT),
    "document.png": png_with(DOCUMENT, after=DOCUMENT),
}
"""Polyglots by the name that each is uploaded under."""
NO_PICTURES = {
    "page.html": PAGE.encode(),
    "page.svg": f'<svg xmlns="http://www.w3.org/2000/svg"><script>{SAY}</script></svg>'.encode(),
    "script.js": SCRIPT.encode(),
    "archive.zip": archive(),
    "document.pdf": DOCUMENT,
    "header-only.gif": b"GIF89a/*" + PAGE.encode(),
    "header-only.jpg": b"\xff\xd8\xff\xe0" + PAGE.encode(),
    "header-only.png": b"\x89PNG\r\n\x1a\n" + PAGE.encode(),
}
