"""Heads of requests: their limits, and a replacement for a head that cannot be read."""

from gunicorn.http.errors import LimitRequestHeaders
from gunicorn.http.unreader import Unreader

from imagehost.server.client_socket import ClientSocket

LONGEST_HEAD = 32 * 1024
LONGEST_VALUE = 1024
"""Bytes of the path, and of each field's value, in the head that replaces a refused one."""
SHAPING = (b"host", b"accept", b"accept-language", b"hx-request", b"hx-history-restore-request")
"""The fields that decide the shape and the language of the answer."""
LARGEST_PIECE = 1024 * 1024


class HeadReader(Unreader):  # type: ignore[misc]  # gunicorn has no types
    """Passes gunicorn's parser a head that has already been read, then the body from the client."""

    def __init__(self, head: bytes, client: ClientSocket) -> None:
        super().__init__()
        self.unread(head)
        self.client = client
        self.reads_head = True

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return a piece of the body. Raises LimitRequestHeaders if the given head is incomplete."""
        if self.reads_head:
            raise LimitRequestHeaders("the head is too large")
        return self.client.recv(min(max(size_hint or 0, 8192), LARGEST_PIECE))


def pared(head: bytes) -> bytes:
    """Build a readable head that asks for the same path in the same shape."""
    line, *fields = head[:LONGEST_HEAD].lstrip(b"\r\n").split(b"\r\n")
    method, _, rest = line.partition(b" ")
    path = rest.partition(b" ")[0].partition(b"?")[0][:LONGEST_VALUE]
    kept: dict[bytes, bytes] = {}
    for field in fields:
        name, _, value = field.partition(b":")
        if name.lower() in SHAPING and len(value) <= LONGEST_VALUE:
            kept.setdefault(name.lower(), value)
    lines = [(b"HEAD " if method == b"HEAD" else b"GET ") + (path or b"/") + b" HTTP/1.1"]
    return b"\r\n".join([*lines, *(name + b":" + value for name, value in kept.items()), b"", b""])
