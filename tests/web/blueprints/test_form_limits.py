"""Limits of a form: reading any form costs no more than reading a picture of the same size."""

import io
import random
import re
import time

import pytest
from PIL import Image
from werkzeug.test import EnvironBuilder, run_wsgi_app

from imagehost.storage.spool import Incoming
from imagehost.web import forms
from tests import pictures
from tests.conftest import SHAPES, SMALL, assert_error, stored_files, uploaded
from tests.forms import form, part, part_with

FIELD = b'form-data; name="field"'
PARTS = "The form has more than 64 parts. Send only the picture."
HEADERS = (
    "The part headers of the form are larger than 16.0 KiB. Send only the picture, with a shorter file name."
)
LARGE = 4 * 1024 * 1024
END = form()["data"]


class Body(io.BytesIO):
    """A body that counts the bytes that are read from it."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data


def post(client, body: bytes, boundary: str = "boundary", **options: object):
    """Send a body with a declared length.

    Return the answer, and the number of bytes of the body that were read.
    """
    stream = Body(body)
    overrides = {
        "CONTENT_TYPE": f"multipart/form-data; boundary={boundary}",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": stream,
        "wsgi.input_terminated": True,
    }
    return client.post("/upload", environ_overrides=overrides, **options), stream.taken


def with_headers(size: int) -> bytes:
    """Return a part with ``size`` bytes of headers, without line ends."""
    disposition = FIELD + b'; x="'
    return part_with(
        disposition + b"y" * (size - len(disposition) - len("Content-Disposition: ") - 1) + b'"', b""
    )


TOO_MUCH = {
    "150 parts of 48 kB of headers": (b"".join([with_headers(48_000)] * 150), HEADERS),
    "a line that does not end": (b"--boundary\r\n" + b"x" * LARGE, HEADERS),
    "lines without end": (b"--boundary\r\n" + b"x: y\r\n" * 500_000, "cannot be read"),
    "a folded line without end": (b"--boundary\r\nx: y" + b"\r\n y" * 500_000, "cannot be read"),
    "a hundred thousand parts": (part_with(FIELD, b"") * 100_000, PARTS),
    "as many pictures": (part(SMALL) * 10_000, PARTS),
    "one text": (
        part_with(FIELD, b"x" * LARGE),
        "The form contains too much data in addition to the picture",
    ),
    "texts": (
        part_with(FIELD, b"x" * 100_000) * 40,
        "The form contains too much data in addition to the picture",
    ),
    "a boundary of 10,000 letters": (b"--" + b"y" * 10_000 + b"\r\n" + b"x" * LARGE, "cannot be read"),
}


@pytest.mark.parametrize(("body", "words"), TOO_MUCH.values(), ids=TOO_MUCH)
def test_a_form_is_refused_before_its_rest_is_read(app, client, body, words):
    boundary = "y" * 10_000 if b"y" * 10_000 in body[:20_000] and body.startswith(b"--y") else "boundary"
    answer, taken = post(client, body, boundary)
    if answer.status_code == 413:
        assert_error(answer, 413, "too_large", words)
    else:
        assert_error(answer, 400, "bad_request", words)
    assert taken <= 3 * forms.FORM_BLOCK_SIZE
    assert stored_files(app) == []


@SHAPES
def test_the_limits_are_reported_in_every_shape(client, shape):
    for body, words in (part_with(FIELD, b"") * 65, PARTS), (with_headers(16_385), HEADERS):
        answer, _ = post(client, body + END, headers=shape)
        assert_error(answer, 400, "bad_request", words)


def test_a_form_at_the_limits_is_accepted(client):
    fields = part_with(FIELD, b"x") * 63
    answer, _ = post(client, fields + part(SMALL) + END)
    assert answer.status_code == 200, answer.text
    picture = part(SMALL, b"")
    spent = len(re.match(rb"--boundary\r\n(.*)\r\n\r\n", picture)[1])
    for excess, status in ((0, 200), (1, 400)):
        answer, _ = post(client, with_headers(16 * 1024 - spent + excess) + picture + END)
        assert answer.status_code == status, answer.text


def test_headers_may_be_folded(client):
    folded = part_with(b'form-data;\r\n name="file";\r\n\tfilename="a.jpg"', SMALL)
    answer, _ = post(client, folded + END)
    assert answer.json["original_name"] == "a.jpg"


def test_nothing_is_written_of_files_in_other_fields(app, client, monkeypatch):
    written = []
    write = Incoming.write
    monkeypatch.setattr(Incoming, "write", lambda file, data: written.append(len(data)) or write(file, data))
    body = b"".join(part(b"x" * 100_000, field=b"f%d" % number) for number in range(40))
    answer, _ = post(client, body + END)
    assert_error(answer, 400, "no_file")
    assert written == []
    answer, _ = post(client, body + part(SMALL) + END)
    assert answer.status_code == 200
    assert sum(written) == len(SMALL)


def test_a_plain_form_is_not_read(client):
    stream = Body(b"&a" * 1_000_000)
    overrides = {
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": "2000000",
        "wsgi.input": stream,
        "wsgi.input_terminated": True,
    }
    image = uploaded(client)
    assert_error(client.post("/upload", environ_overrides=overrides), 400, "no_file")
    assert client.post(f"/delete/{image['id']}", environ_overrides=overrides).status_code == 200
    assert stream.taken == 0


SAME_NAME = {
    "as browsers do": b'form-data; name="file"; filename="a%22b.jpg"',
    "escaped": b'form-data; name="file"; filename="a\\"b.jpg"',
    "before the field": b'form-data; filename="a%22b.jpg"; name="file"',
    "by RFC 5987": b"form-data; name=file; filename=c.jpg; filename*=UTF-8'en'a%22b.jpg",
    "by RFC 5987, first": b"form-data; name=file; filename*=iso-8859-1''a%22b.jpg; filename=c.jpg",
    "without spaces": b'form-data;NAME="file";FILENAME="a%22b.jpg"',
    "a parameter within": b'form-data; x="; filename=\\"no"; name="file"; filename="a%22b.jpg"',
    "an unknown charset": b"form-data; name=file; filename*=koi8-r''%C1; filename=\"a%22b.jpg\"",
}


@pytest.mark.parametrize("disposition", SAME_NAME.values(), ids=SAME_NAME)
def test_names_are_read_in_all_notations(client, disposition):
    answer, _ = post(client, part_with(disposition, SMALL) + END)
    assert answer.json["original_name"] == 'a"b.jpg'


def header(rest: bytes) -> bytes:
    return part_with(b'form-data; name="file"' + rest, b"x") + END


LONG = 15_000
SMALL_FORMS = {
    "semicolons": header(b";" * LONG),
    "keys without values": header(b"; a" * (LONG // 3)),
    "parameters": header(b"; a=b" * (LONG // 5)),
    "continuations": header(b"".join(b"; filename*%d=a" % number for number in range(800))),
    "extended continuations": header(b"".join(b"; a*%d*=utf-8''a" % number for number in range(700))),
    "backslashes": header(b'; a="' + b"\\" * LONG),
    "escaped quotes": header(b'; a="' + b'\\"' * (LONG // 2)),
    "open quotes": header(b'; a="' * (LONG // 5)),
    "an open quote": header(b'; a="' + b"x" * LONG),
    "a long name": header(b'; filename="' + b"x" * LONG + b'"'),
    "a long extended name": header(b"; filename*=utf-8''" + b"%ff" * (LONG // 3)),
    "stars": header(b"; " + b"*1" * (LONG // 2) + b"=x"),
    "spaces": header(b";" + b" " * LONG),
    "a long key": header(b";" + b"a" * LONG),
    "64 parts": part_with(FIELD, b"") * 64 + END,
    "folded lines": part_with(FIELD + b"\r\n x" * 14, b"") * 60 + END,
}
LARGE_FORMS = {
    "an endless preamble": b"x" * LARGE,
    "a preamble of line ends": b"\r\n" * (LARGE // 2),
    "a preamble of look-alikes": b"\r\n--" * (LARGE // 4),
    "an epilogue": part(SMALL) + END + b"\r\n--" * (LARGE // 4),
    "look-alikes": part(b"\r\n--" * (LARGE // 4)) + END,
    "near look-alikes": part(b"\r\n--boundar" * (LARGE // 11)) + END,
    "line ends": part(b"\r" * LARGE) + END,
    "files in other fields": part(b"x" * (LARGE // 63), field=b"f") * 63 + END,
    "no line end at all": b"--boundary" + b"x" * LARGE,
}


NOISE = 2
"""The maximum ratio of two measurements of the same work on a busy machine."""


def costs(app, *bodies: tuple[bytes, str]) -> list[float]:
    """Measure processor seconds of requests in this process, in turn; return the best of each."""
    found: list[list[float]] = [[] for _ in bodies]
    for _ in range(7):
        for (body, boundary), times in zip(bodies, found, strict=True):
            content_type = f"multipart/form-data; boundary={boundary}"
            environ = EnvironBuilder(
                path="/upload", method="POST", data=body, content_type=content_type
            ).get_environ()
            environ["wsgi.input_terminated"] = True
            begin = time.process_time()
            run_wsgi_app(app, environ, buffered=True)
            times.append(time.process_time() - begin)
    return [min(times) for times in found]


def ratio(app, body: bytes, plain: bytes, boundary: str = "boundary") -> float:
    """Return the cost of a form as a multiple of the cost of a plain upload."""
    form, upload = costs(app, (body, boundary), (plain, "boundary"))
    return form / upload


def noise(size: int) -> bytes:
    """Make a picture of at least ``size`` bytes that has no metadata to drop."""
    side = int((size / 3) ** 0.5) + 1
    image = Image.frombytes("RGB", (side, side), random.Random(1).randbytes(3 * side * side))
    return pictures.encode(image, "png", compress_level=0)


@pytest.fixture(scope="module")
def plain():
    """Return bodies of plain uploads, by size."""
    return {size: part(noise(size)) + END for size in (16 * 1024, LARGE)}


@pytest.mark.parametrize("body", SMALL_FORMS.values(), ids=SMALL_FORMS)
def test_a_small_form_costs_no_more_than_a_picture_of_its_size(app, plain, body):
    assert len(body) < 20_000
    assert ratio(app, body, plain[16 * 1024]) < NOISE


@pytest.mark.parametrize("body", LARGE_FORMS.values(), ids=LARGE_FORMS)
def test_a_large_form_costs_no_more_than_a_picture_of_its_size(app, plain, body):
    assert ratio(app, body, plain[LARGE]) < NOISE


@pytest.mark.parametrize("length", [1, 2, 70, 256])
def test_look_alikes_of_any_boundary_are_cheap(app, plain, length):
    boundary = "y" * length
    begin = b"--" + boundary.encode()
    head = b'\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    for near in (b"\r\n--", b"\r\n--" + b"y" * (length - 1) + b"z"):
        body = begin + head + near * (LARGE // len(near)) + b"\r\n" + begin + b"--\r\n"
        # To find five bytes, as in the shortest boundary, Python needs twice as long as for six.
        assert ratio(app, body, plain[LARGE], boundary) < (2 * NOISE if length == 1 else NOISE)
