"""Fields that only HTTP/2 can send never become another request behind nginx."""

import pytest
import requests

from tests import pictures
from tests.system import http2
from tests.system.nginx import Host

BASE = {":method": "POST", ":scheme": "https", ":path": "/upload", ":authority": "localhost"}
HIDDEN = "DELETE /api/upload/{} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
"""The request that follows a line end in a field."""
LEGAL = {
    "a body that is a request": {},
    "its right length": {"content-length": "{n}"},
    "a name with an underscore": {"content_length": "0", "transfer_encoding": "chunked"},
    "another host": {"host": "evil.example"},
    "the hidden request in the path, escaped": {
        ":path": "/upload%20HTTP/1.1%0d%0aHost:%20x%0d%0a%0d%0aDELETE%20/api/upload/{name}"
    },
}
MALFORMED = {
    "a coding": {"transfer-encoding": "chunked"},
    "a coding and a length": {"transfer-encoding": "chunked", "content-length": "{n}"},
    "a length of nothing": {"content-length": "0"},
    "a length that is too short": {"content-length": "5"},
    "a length that is too long": {"content-length": "9{n}"},
    "a length that is none": {"content-length": "+{n}"},
    "a line end in a value": {"x": "x\r\nTransfer-Encoding: chunked"},
    "a request in a value": {"x": "x\r\n\r\n{s}"},
    "a bare LF in a value": {"x": "x\n\n{s}"},
    "NUL in a value": {"x": "x\0"},
    "a line end in a name": {"x: x\r\ntransfer-encoding": "chunked"},
    "a colon in a name": {"transfer-encoding:": "chunked"},
    "a name in capitals": {"Transfer-Encoding": "chunked"},
    "a space in a name": {"transfer-encoding ": "chunked"},
    "a request in the method": {":method": "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n{s}"},
    "a space in the method": {":method": "DELETE /api/upload/{name} HTTP/1.1\r\nX:"},
    "a request in the path": {":path": "/upload HTTP/1.1\r\nHost: localhost\r\n\r\n{s}"},
    "a space in the path": {":path": "/upload HTTP/1.1"},
    "a path that is none": {":path": "upload"},
    "a request in the authority": {":authority": "localhost\r\n\r\n{s}"},
    "a request in the scheme": {":scheme": "https\r\n\r\n{s}"},
    "a pseudo-header that is none": {":protocol": "websocket"},
}
ROWS = {**LEGAL, **MALFORMED}


def fields(row: dict[str, str], **facts: object) -> list[http2.Field]:
    """Return a row as fields, the pseudo-headers first."""
    merged = {**BASE, **row}
    return [
        (name, value.format(**facts))
        for name, value in sorted(merged.items(), key=lambda each: each[0][0] != ":")
    ]


@pytest.mark.parametrize("name", ROWS)
def test_a_hidden_request_is_not_carried_out(host: Host, name):
    filename = str(host.upload(pictures.png(8, 8))["filename"])
    hidden = HIDDEN.format(filename)
    attack = http2.request(1, fields(ROWS[name], s=hidden, n=len(hidden), name=filename), hidden.encode())
    after = http2.request(3, [*(BASE | {":method": "GET", ":path": f"/images/{filename}"}).items()])
    answers = http2.statuses(host.nginx.https_port, attack, after)
    assert requests.get(f"{host.url}/images/{filename}", timeout=30).status_code == 200
    # If the connection stays open, its next request has its own answer.
    assert answers.get(3, 200) == 200
    if name in LEGAL:
        assert answers.keys() == {1, 3}
    else:
        assert answers.get(1, 0) == 0 or answers[1] >= 400


def test_two_names_for_one_field_are_refused(host: Host):
    twice = [*BASE.items(), (":path", "/upload")]
    answers = http2.statuses(host.nginx.https_port, http2.request(1, twice, b""))
    assert answers.get(1, 0) in {0, 400}


def test_a_normal_upload_is_accepted(host: Host):
    """This proves that the tests above do not pass only because everything is refused."""
    body = b"\r\n".join(
        [
            b"--b",
            b'Content-Disposition: form-data; name="file"; filename="x.png"',
            b"",
            pictures.png(8, 8),
            b"--b--",
            b"",
        ]
    )
    kind = {"content-type": "multipart/form-data; boundary=b", "content-length": str(len(body))}
    assert http2.statuses(
        host.nginx.https_port, http2.request(1, fields({**kind, "accept": "*/*"}), body)
    ) == {1: 200}
