"""Bodies of forms, also those that no client library would send."""

import io

BOUNDARY = b"boundary"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY.decode()}"


def part(content: bytes, name: bytes = b"photo.jpg", field: bytes = b"file") -> bytes:
    """Return a part with a file. Quotes and line ends in its name are escaped as in browsers."""
    for letter, escaped in ((b'"', b"%22"), (b"\r", b"%0D"), (b"\n", b"%0A")):
        name = name.replace(letter, escaped)
    return part_with(b'form-data; name="' + field + b'"; filename="' + name + b'"', content)


def part_with(disposition: bytes, content: bytes) -> bytes:
    return b"--" + BOUNDARY + b"\r\nContent-Disposition: " + disposition + b"\r\n\r\n" + content + b"\r\n"


def form(*parts: bytes, end: bytes = b"--" + BOUNDARY + b"--\r\n") -> dict[str, object]:
    """Return the body and the type of a request."""
    return {"data": b"".join(parts) + end, "content_type": MULTIPART}


def undeclared(body: bytes) -> dict[str, object]:
    """Return a body in chunks, whose length is not declared."""
    overrides = {
        "CONTENT_TYPE": MULTIPART,
        "CONTENT_LENGTH": "",
        "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input_terminated": True,
        "wsgi.input": io.BytesIO(body),
    }
    return {"environ_overrides": overrides}


def declared(length: int, body: io.BufferedIOBase) -> dict[str, object]:
    """Return a body with a declared length, which may be wrong."""
    overrides = {"CONTENT_TYPE": MULTIPART, "CONTENT_LENGTH": str(length), "wsgi.input": body}
    return {"environ_overrides": overrides}


class Untouchable(io.RawIOBase):
    """A body that must not be read."""

    def readable(self) -> bool:
        return True

    def readinto(self, _: object) -> int:
        raise AssertionError("the body was read")
