"""Bodies of forms, written by hand: also those that no client library would send."""

import io

BOUNDARY = b"boundary"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY.decode()}"


def part(content: bytes, name: bytes = b"photo.jpg", field: bytes = b"file") -> bytes:
    """A part with a file; quotes and line ends in its name are escaped as browsers do."""
    for letter, escaped in ((b'"', b"%22"), (b"\r", b"%0D"), (b"\n", b"%0A")):
        name = name.replace(letter, escaped)
    return part_with(b'form-data; name="' + field + b'"; filename="' + name + b'"', content)


def part_with(disposition: bytes, content: bytes) -> bytes:
    return b"--" + BOUNDARY + b"\r\nContent-Disposition: " + disposition + b"\r\n\r\n" + content + b"\r\n"


def form(*parts: bytes, end: bytes = b"--" + BOUNDARY + b"--\r\n") -> dict[str, object]:
    """A request's body and type."""
    return {"data": b"".join(parts) + end, "content_type": MULTIPART}


def undeclared(body: bytes) -> dict[str, object]:
    """A body in chunks: its length is known when it ends."""
    overrides = {
        "CONTENT_TYPE": MULTIPART,
        "CONTENT_LENGTH": "",
        "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input_terminated": True,
        "wsgi.input": io.BytesIO(body),
    }
    return {"environ_overrides": overrides}


def declared(length: int, body: io.BufferedIOBase) -> dict[str, object]:
    """A body whose declared length need not be true."""
    overrides = {"CONTENT_TYPE": MULTIPART, "CONTENT_LENGTH": str(length), "wsgi.input": body}
    return {"environ_overrides": overrides}


class Untouchable(io.RawIOBase):
    """A body that nobody may read."""

    def readable(self) -> bool:
        return True

    def readinto(self, _: object) -> int:
        raise AssertionError("the body was read")
