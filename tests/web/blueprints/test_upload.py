"""POST /upload and POST /api/upload, in all shapes, on both databases."""

import hashlib
import io
import re

import pytest

from tests import pictures
from tests.conftest import (
    FRAGMENT,
    ON_BOTH_DATABASES,
    ON_SQLITE,
    PAGE,
    SHAPES,
    SMALL,
    as_upload,
    assert_error,
    page_of,
    stored_files,
    uploaded,
)
from tests.forms import form, part, undeclared

pytestmark = ON_BOTH_DATABASES

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
    assert image["view_url"] == f"http://localhost{page_of(image)}"
    assert image["thumbnail_url"] == f"http://localhost/thumbnails/{image['filename']}.webp"
    (file,) = stored_files(app)
    assert file.parent.name + "/" + file.name == f"{image['filename'][:2]}/{image['filename']}"
    assert file.read_bytes() == content


def test_a_page_is_sent_on_to_the_image(client):
    answer = client.post("/upload", data=as_upload(pictures.jpg()), headers=PAGE)
    assert answer.status_code == 303
    assert {"HX-Request", "Accept"} <= set(answer.vary)
    assert re.fullmatch(r"/view/[a-z0-9]{16}", answer.location)
    assert client.get(answer.location, headers=PAGE).status_code == 200


def test_a_fragment_shows_the_link(client):
    answer = client.post("/upload", data=as_upload(pictures.jpg(), "<b>.jpg"), headers=FRAGMENT)
    assert answer.status_code == 200
    assert answer.headers["HX-Trigger"] == "image-uploaded"
    assert {"HX-Request", "Accept"} <= set(answer.vary)
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


@pytest.mark.parametrize("path", ["/upload", "/api/upload"])
def test_links_are_built_from_the_public_url(make_app, path):
    client = make_app(PUBLIC_URL="https://img.example.org").test_client()
    image = client.post(path, data=as_upload(SMALL)).json
    for name in ("url", "thumbnail_url", "view_url"):
        assert image[name].startswith("https://img.example.org/")
    page = client.get(page_of(image), headers=PAGE).text
    assert page.count(f"https://img.example.org/images/{image['filename']}") >= 5
    assert "http://localhost" not in page


FORWARDED = {
    "X-Forwarded-For": "203.0.113.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "img.example.org:8443",
}


@pytest.mark.parametrize(("proxies", "base"), [(1, "https://img.example.org:8443"), (0, "http://localhost")])
def test_links_use_the_scheme_and_host_of_a_trusted_proxy(make_app, proxies, base):
    client = make_app(TRUSTED_PROXIES=proxies, ALLOWED_HOSTS=("img.example.org",)).test_client()
    image = client.post("/upload", data=as_upload(SMALL), headers=FORWARDED).json
    assert image["url"] == f"{base}/images/{image['filename']}"
    assert image["view_url"] == f"{base}{page_of(image)}"
    page = client.get(page_of(image), headers={**PAGE, **FORWARDED}).text
    assert f'content="{base}/images/{image["filename"]}"' in page


@pytest.mark.parametrize("path", ["/upload", "/api/upload"])
def test_a_form_may_hold_more_than_the_picture(app, client, path):
    extra = {"album": "x", "other": (io.BytesIO(SMALL), "other.jpg")}
    assert client.post(path, data={**extra, **as_upload(SMALL)}).status_code == 200
    assert len(stored_files(app)) == 1


def test_a_file_field_left_empty_beside_a_full_one_does_not_count(client):
    answer = client.post("/upload", **form(part(b"", b""), part(SMALL)))
    assert answer.status_code == 200


def test_a_body_of_unknown_length_is_accepted(client):
    answer = client.post("/upload", **undeclared(form(part(SMALL))["data"]))
    assert answer.status_code == 200


@pytest.mark.parametrize(("keep", "kept"), [(False, False), (True, True)])
def test_metadata_is_kept_where_that_is_wished(make_app, keep, kept):
    client = make_app(KEEP_METADATA=keep).test_client()
    content = pictures.jpg(comment=b"secret")
    answer = client.get(uploaded(client, content)["url"])
    assert (answer.data == content) is kept
    assert (b"secret" in answer.data) is kept


def test_the_api_answers_json_also_to_browsers(client):
    for shape in (PAGE, FRAGMENT):
        answer = client.post("/api/upload", data=as_upload(SMALL), headers=shape)
        assert (answer.status_code, answer.mimetype) == (200, "application/json")


@ON_SQLITE
@pytest.mark.parametrize(("language", "advice"), [("en", "Convert it"), ("de", "Bitte in einem")])
def test_the_page_gets_the_names_of_other_formats(client, language, advice):
    answer = client.get("/formats", headers={"Accept-Language": language})
    assert answer.cache_control.max_age == 86400
    assert "Accept-Language" in answer.vary
    assert {"WebP" in what for _, what, _ in answer.json["formats"]} == {True, False}
    assert not any("JPG" in what for _, what, _ in answer.json["formats"]), "it is allowed"
    assert any(sentence.startswith(advice) for sentence in answer.json["advice"])
