"""Send requests by HTTP/2, written frame by frame (RFC 9113), also those that no library would send."""

import socket
import ssl
import struct
from collections.abc import Iterator, Sequence
from typing import BinaryIO

DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY = 0, 1, 3, 4, 7
END_STREAM, ACK, END_HEADERS = 1, 1, 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
STATUSES = {0x88: 200, 0x89: 204, 0x8A: 206, 0x8B: 304, 0x8C: 400, 0x8D: 404, 0x8E: 500}
"""Statuses by their byte in HPACK (an index of its static table)."""

Field = tuple[str, str]


def frame(kind: int, flags: int, stream: int, content: bytes = b"") -> bytes:
    return struct.pack(">I", len(content))[1:] + struct.pack(">BBI", kind, flags, stream) + content


def text(value: str) -> bytes:
    """Encode a text for HPACK, without Huffman coding."""
    content = value.encode("latin-1")
    if len(content) < 127:
        return bytes((len(content),)) + content
    rest, length = len(content) - 127, b"\x7f"
    while rest > 127:
        length += bytes((rest % 128 | 128,))
        rest //= 128
    return length + bytes((rest,)) + content


def request(stream: int, fields: Sequence[Field], body: bytes | None = None) -> bytes:
    """Return the frames of a request; no field is added to a table."""
    block = b"".join(b"\0" + text(name) + text(value) for name, value in fields)
    flags = END_HEADERS | (END_STREAM if body is None else 0)
    frames = frame(HEADERS, flags, stream, block)
    return frames if body is None else frames + frame(DATA, END_STREAM, stream, body)


def statuses(port: int, *requests: bytes) -> dict[int, int]:
    """Send requests on one connection, and return the status of each stream's answer, 0 if it was reset.

    The function returns when as many streams have ended as there are requests, or when the server closes the
    connection.
    """
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    found: dict[int, int] = {}
    ended: set[int] = set()
    with (
        socket.create_connection(("127.0.0.1", port), timeout=60) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as line,
        line.makefile("rb") as file,
    ):
        line.sendall(PREFACE + frame(SETTINGS, 0, 0) + b"".join(requests))
        for kind, flags, stream, content in frames(file):
            if kind == SETTINGS and not flags & ACK:
                line.sendall(frame(SETTINGS, ACK, 0))
            elif kind == HEADERS and stream not in found:
                found[stream] = status(content)
            elif kind == RST_STREAM:
                found.setdefault(stream, 0)
            if kind == RST_STREAM or (kind in {DATA, HEADERS} and flags & END_STREAM):
                ended.add(stream)
            if kind == GOAWAY or len(ended) == len(requests):
                break
    return found


def frames(file: BinaryIO) -> Iterator[tuple[int, int, int, bytes]]:
    """Read frames until the server closes the connection."""
    while len(head := file.read(9)) == 9:
        kind, flags, stream = struct.unpack(">BBI", head[3:])
        yield kind, flags, stream, file.read(int.from_bytes(head[:3]))


def status(block: bytes) -> int:
    """Return the status at the beginning of a block of fields, as nginx writes it."""
    block = block.lstrip(bytes(range(0x20, 0x40)))  # updates of the table's size
    if block[0] in STATUSES:
        return STATUSES[block[0]]
    assert block[:2] == b"\x48\x03", block[:8]
    return int(block[2:5])
