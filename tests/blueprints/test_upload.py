"""POST /upload and POST /api/upload, in all shapes, on both databases."""

import hashlib
import re

import pytest

from tests import pictures
from tests.conftest import FRAGMENT, PAGE, SHAPES, as_upload, assert_error, stored_files

KEYS = {
    "status": str,
    "url": str,
    "id": int,
    "filename": str,
    "original_name": str,
    "size": int,
    "size_kb": int,
    "file_type": str,
    "width": int,
    "height": int,
    "upload_time": str,
    "thumbnail_url": str,
    "view_url": str,
}


@pytest.mark.parametrize("path", ["/upload", "/api/upload", "/api/upload/"])
@pytest.mark.parametrize("kind", ["jpg", "png", "gif"])
def test_an_upload_answers_with_the_image(app, client, path, kind):
    content = pictures.MAKE[kind](64, 48)
    answer = client.post(path, data=as_upload(content, f"Grüße 写真.{kind}"))
    assert answer.status_code == 200
    image = answer.json
    assert {key: type(value) for key, value in image.items()} == KEYS
    assert image["status"] == "success"
    assert re.fullmatch(rf"[a-z0-9]{{16}}\.{kind}", image["filename"])
    assert image["original_name"] == f"Grüße 写真.{kind}"
    assert (image["width"], image["height"], image["file_type"]) == (64, 48, kind)
    assert (image["size"], image["size_kb"]) == (len(content), -(-len(content) // 1024))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", image["upload_time"])
    assert image["url"] == f"http://localhost/images/{image['filename']}"
    assert image["view_url"] == f"http://localhost/view/{image['filename']}"
    assert image["thumbnail_url"] == f"http://localhost/thumbnails/{image['filename']}.webp"
    (file,) = stored_files(app)
    assert file.parent.name + "/" + file.name == f"{image['filename'][:2]}/{image['filename']}"
    assert file.read_bytes() == content


def test_a_page_is_sent_on_to_the_image(client):
    answer = client.post("/upload", data=as_upload(pictures.jpg()), headers=PAGE)
    assert answer.status_code == 303
    assert re.fullmatch(r"/view/[a-z0-9]{16}\.jpg", answer.location)
    assert client.get(answer.location, headers=PAGE).status_code == 200


def test_a_fragment_shows_the_link(client):
    answer = client.post("/upload", data=as_upload(pictures.jpg(), "<b>.jpg"), headers=FRAGMENT)
    assert answer.status_code == 200
    assert answer.headers["HX-Trigger"] == "image-uploaded"
    assert re.search(r'value="http://localhost/images/[a-z0-9]{16}\.jpg"', answer.text)
    assert "&lt;b&gt;.jpg" in answer.text


@SHAPES
def test_a_renamed_text_file_is_refused(app, client, shape):
    answer = client.post("/upload", data=as_upload(b"hello", "cat.png"), headers=shape)
    assert_error(answer, 415, "unsupported_type", "cat.png is not a JPG, PNG or GIF image.")
    assert stored_files(app) == []


def test_the_same_picture_twice_makes_two_images(client):
    names = {client.post("/upload", data=as_upload(pictures.gif())).json["filename"] for _ in range(2)}
    assert len(names) == 2


def test_the_row_holds_the_hash_of_the_stored_bytes(app, client):
    client.post("/upload", data=as_upload(pictures.jpg(comment=b"secret")))
    (file,) = stored_files(app)
    answer = client.get(f"/images/{file.name}")
    assert answer.get_etag() == (hashlib.sha256(file.read_bytes()).hexdigest(), False)
    assert b"secret" not in answer.data
