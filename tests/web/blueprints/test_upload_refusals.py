"""Refusals of uploads in all shapes. Nothing of a refused upload is kept."""

import io
import struct
import zlib

import pytest
from PIL import Image

from tests import foreign, pictures
from tests.conftest import PAGE, SHAPES, SMALL, as_upload, assert_error, stored_files
from tests.forms import MULTIPART, Untouchable, declared, form, part, part_with, undeclared

CUT = form(part(SMALL), end=b"")["data"]
TEXT_FIELD = part_with(b'form-data; name="file"', SMALL)


def bomb(width: int = 50_000, height: int = 50_000) -> bytes:
    """Return a PNG of a few bytes that declares any number of pixels."""
    content = b"\x89PNG\r\n\x1a\n"
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    for name, data in ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 9)), (b"IEND", b"")):
        content += struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    return content


def corrupt(content: bytes, at: float = 0.5) -> bytes:
    place = int(len(content) * at)
    return content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]


def other(kind: str) -> bytes:
    return pictures.encode(pictures.photo(16, 12), kind)


def raw(content: bytes, mime_type: str) -> dict[str, object]:
    return {"data": content, "content_type": mime_type}


WHAT_TO_SEND = ("multipart/form-data", "in a field named file", "-F file=@photo.jpg")
NO_BOUNDARY = ("Content-Type header has no boundary", "-F file=@photo.jpg")
REFUSALS = {
    "no part": (form(), 400, "no_file", "multipart/form-data"),
    "an empty file": (form(part(b"", b"cat.png")), 400, "no_file", "cat.png is empty"),
    "a file field left empty": (form(part(b"", b"")), 400, "no_file", "No picture was sent"),
    "a text where a file belongs": (form(TEXT_FIELD), 400, "no_file", "a field named file"),
    "a file in another field": (form(part(SMALL, field=b"photo")), 400, "no_file", "a field named file"),
    "no body": ({}, 400, "no_file", "No picture was sent"),
    "JSON": ({"json": {"file": "x"}}, 400, "no_file", "multipart/form-data"),
    "a plain form": (raw(b"file=x", "application/x-www-form-urlencoded"), 400, "no_file", *WHAT_TO_SEND),
    "bytes as curl sends them": (
        raw(SMALL, "application/x-www-form-urlencoded"),
        400,
        "no_file",
        *WHAT_TO_SEND,
    ),
    "the bare bytes": (raw(SMALL, "image/jpeg"), 400, "no_file", *WHAT_TO_SEND),
    "bytes of no type": (raw(SMALL, ""), 400, "no_file", *WHAT_TO_SEND),
    "bytes of a type that is none": (raw(SMALL, "multipart"), 400, "no_file", *WHAT_TO_SEND),
    "a multipart that is no form": (
        raw(CUT, "multipart/mixed; boundary=boundary"),
        400,
        "no_file",
        *WHAT_TO_SEND,
    ),
    "two files": (
        form(part(SMALL), part(SMALL)),
        400,
        "too_many_files",
        "each picture in a separate request",
    ),
    "a form without its end": (form(part(SMALL), end=b""), 400, "bad_request", "incomplete"),
    "a form without a boundary": (raw(CUT, "multipart/form-data"), 400, "bad_request", *NO_BOUNDARY),
    "an empty boundary": (raw(CUT, 'multipart/form-data; boundary=""'), 400, "bad_request", *NO_BOUNDARY),
    "a form that is none": ({"data": b"garbage", "content_type": MULTIPART}, 400, "bad_request"),
    "a part without a name": (form(b"--boundary\r\n\r\nx\r\n"), 400, "bad_request"),
    "text": (form(part(b"hello", b"a.jpg")), 415, "unsupported_type", "a.jpg is not a JPG, PNG or GIF"),
    "SVG": (
        form(part(foreign.SVG, b"a.svg")),
        415,
        "unsupported_type",
        "a.svg is an SVG picture. This server",
    ),
    "HTML": (form(part(b"<!doctype html><p>", b"a.gif")), 415, "unsupported_type", "a.gif is an HTML page."),
    "HEIC": (
        form(part(foreign.HEIC, b"a.jpg")),
        415,
        "unsupported_type",
        "a.jpg is a HEIC picture.",
        "iPhone",
    ),
    "WebP": (form(part(other("webp"), b"a.jpg")), 415, "unsupported_type", "a WebP image", "JPG, PNG or GIF"),
    "AVIF": (
        form(part(other("avif"), b"a.jpg")),
        415,
        "unsupported_type",
        "an AVIF image",
        "JPG, PNG or GIF",
    ),
    "a JPEG cut short": (form(part(pictures.jpg()[:-300], b"a.jpg")), 422, "damaged_image", "a.jpg"),
    "a PNG cut short": (form(part(pictures.png()[:-20], b"a.png")), 422, "damaged_image", "a.png"),
    "a GIF cut short": (form(part(pictures.gif()[:-300], b"a.gif")), 422, "damaged_image", "a.gif"),
    "a PNG with a flipped bit": (form(part(corrupt(pictures.png()))), 422, "damaged_image", "Save it again"),
    "a JPEG of two bytes": (form(part(b"\xff\xd8\xff\xe0")), 422, "damaged_image", "photo.jpg"),
    "a bomb": (form(part(bomb())), 422, "too_many_pixels", "2,500,000,000", "100,000,000 pixels"),
}


@SHAPES
@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_nothing_of_a_refused_upload_is_kept(app, client, shape, refusal):
    request, status, code, *words = refusal
    answer = client.post("/upload", headers=shape, **request)
    assert_error(answer, status, code, *words)
    assert stored_files(app) == []
    assert client.get("/api/upload").json == []


@pytest.mark.parametrize("what", foreign.SAMPLES)
def test_a_file_of_another_format_is_named(client, what):
    for content in foreign.SAMPLES[what]:
        answer = client.post("/upload", **form(part(content, b"holiday.jpg")))
        sentence = f"holiday.jpg is {what}. This server accepts JPG, PNG or GIF images. "
        assert_error(answer, 415, "unsupported_type", sentence)


@pytest.mark.parametrize("path", ["/api/upload", "/api/upload/"])
@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_the_api_refuses_the_same(client, path, refusal):
    request, status, code, *words = refusal
    answer = client.post(path, **request)
    assert_error(answer, status, code, *words)
    assert set(answer.json) == {"status", "code", "message", "detail"}


@SHAPES
def test_a_body_that_breaks_off_is_refused(app, client, shape):
    whole = form(part(SMALL))["data"]
    answer = client.post("/upload", headers=shape, **declared(len(whole) + 1, io.BytesIO(whole)))
    assert_error(answer, 400, "bad_request", "incomplete")
    assert stored_files(app) == []


@SHAPES
@pytest.mark.parametrize("path", ["/upload", "/api/upload"])
@pytest.mark.parametrize(
    "mime_type", ["application/x-www-form-urlencoded", "image/jpeg", "", "multipart/form-data"]
)
def test_a_body_that_is_not_a_form_is_refused_before_it_is_read(app, client, shape, path, mime_type):
    request = declared(9 * 1024 * 1024, Untouchable())
    request["environ_overrides"]["CONTENT_TYPE"] = mime_type
    code = "bad_request" if mime_type == "multipart/form-data" else "no_file"
    assert_error(client.post(path, headers=shape, **request), 400, code, "-F file=@photo.jpg")
    assert stored_files(app) == []


@SHAPES
@pytest.mark.parametrize("path", ["/upload", "/api/upload"])
def test_too_long_a_body_is_refused_before_it_is_read(make_app, shape, path):
    client = make_app(MAX_FILE_SIZE=1024 * 1024).test_client()
    answer = client.post(path, headers=shape, **declared(2 * 1024 * 1024, Untouchable()))
    assert_error(answer, 413, "too_large", "The limit is 1.0 MiB")


def test_too_long_a_body_is_refused_where_nothing_reads_it(make_app):
    client = make_app(MAX_FILE_SIZE=1024).test_client()
    request = declared(2 * 1024 * 1024, Untouchable())
    assert_error(client.delete("/delete/1", **request), 413, "too_large")


@SHAPES
@pytest.mark.parametrize("send", [lambda body: form(body), lambda body: undeclared(form(body)["data"])])
@pytest.mark.parametrize("excess", [1, 200_000])
def test_a_file_over_the_limit_is_refused(make_app, shape, send, excess):
    content = pictures.jpg(64, 48)
    app = make_app(MAX_FILE_SIZE=len(content))
    client = app.test_client()
    answer = client.post("/upload", headers=shape, **send(part(content + b"\0" * excess)))
    assert_error(answer, 413, "too_large", "The limit is")
    assert stored_files(app) == []


@pytest.mark.parametrize("send", [lambda body: form(body), lambda body: undeclared(form(body)["data"])])
def test_a_file_of_just_the_limit_is_accepted(make_app, send):
    content = pictures.jpg(64, 48)
    client = make_app(MAX_FILE_SIZE=len(content)).test_client()
    answer = client.post("/upload", **send(part(content, b"n" * 5000)))
    assert (answer.status_code, answer.json["size"]) == (200, len(content))


@pytest.mark.parametrize(("limit", "status"), [(64 * 48, 200), (64 * 48 - 1, 422)])
def test_the_pixels_of_the_canvas_count(make_app, limit, status):
    app = make_app(MAX_PIXELS=limit)
    answer = app.test_client().post("/upload", data=as_upload(pictures.gif(64, 48, frames=3), "a.gif"))
    assert answer.status_code == status
    assert len(stored_files(app)) == (status == 200)


@pytest.mark.parametrize(("limit", "status"), [(3 * 40 * 30, 200), (3 * 40 * 30 - 1, 422)])
def test_the_areas_of_all_frames_count_for_an_animation(make_app, limit, status):
    frames = [Image.new("RGB", (40, 30), (number, 0, 0)) for number in range(3)]
    content = pictures.encode(frames[0], "gif", save_all=True, append_images=frames[1:], duration=20)
    app = make_app(MAX_ANIMATION_PIXELS=limit)
    answer = app.test_client().post("/upload", data=as_upload(content, "a.gif"))
    assert answer.status_code == status
    assert len(stored_files(app)) == (status == 200)
    if status == 422:
        assert_error(
            answer, 422, "too_many_pixels", "at least 3,600 pixels in all its frames", "3,599 pixels;"
        )


def test_half_a_minute_of_screen_recording_is_accepted(client):
    """Thirty seconds at ten frames a second. Each frame changes a small part of the screen."""
    frames = [Image.new("P", (1280, 720)) for _ in range(300)]
    for number, frame in enumerate(frames):
        frame.putpixel((number, number), 1)
    content = pictures.encode(frames[0], "gif", save_all=True, append_images=frames[1:], duration=100)
    answer = client.post("/upload", data=as_upload(content, "recording.gif"))
    assert answer.status_code == 200, answer.text
    assert (answer.json["width"], answer.json["height"], answer.json["size"]) == (1280, 720, len(content))


@pytest.mark.parametrize("kind", ["webp", "avif"])
def test_other_kinds_are_accepted_where_they_are_allowed(make_app, kind):
    client = make_app(ALLOWED_EXTENSIONS=("jpg", kind)).test_client()
    content = other(kind)
    image = client.post("/upload", data=as_upload(content, "a.bin")).json
    assert (image["file_type"], image["width"], image["height"]) == (kind, 16, 12)
    answer = client.get(image["url"])
    assert (answer.mimetype, answer.data) == (f"image/{kind}", content)
    assert client.get(image["thumbnail_url"]).mimetype == "image/webp"
    refused = client.post("/upload", data=as_upload(pictures.png(), "b.png"))
    assert_error(
        refused,
        415,
        "unsupported_type",
        f"b.png is a PNG image. This server accepts JPG or {kind.upper()} images.",
    )


def test_the_refusal_on_a_page_has_a_link_back(client):
    answer = client.post("/upload", headers=PAGE, **form())
    assert answer.text.startswith("<!doctype html>")
    assert 'href="/upload"' in answer.text


@SHAPES
def test_a_form_with_too_many_fields_is_refused(app, client, shape):
    fields = [part_with(f'form-data; name="n{number}"'.encode(), b"x") for number in range(1500)]
    answer = client.post("/upload", headers=shape, **form(part(SMALL), *fields))
    assert_error(answer, 400, "bad_request", "The form has more than 64 parts.")
    assert stored_files(app) == []
