"""The clients' names of files are stored as text, shown everywhere, and never used as a path."""

import html
from urllib.parse import unquote

import pytest

from imagehost.domain.image_names import LONGEST_ORIGINAL_NAME
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
from tests.forms import form, part, part_with

pytestmark = ON_BOTH_DATABASES

NAMES = {
    "Unicode": ("Grüße 写真 🐈.jpg", "Grüße 写真 🐈.jpg"),
    "5,000 letters": ("n" * 5000 + ".jpg", "n" * LONGEST_ORIGINAL_NAME),
    "NUL": ("a\0b.jpg", "ab.jpg"),
    "control characters": ("a\x01\x1b[31mb\x7f\x85\t.jpg", "a[31mb.jpg"),
    "a path": ("../../etc/passwd.png", "../../etc/passwd.png"),
    "HTML": ("<script>alert(1)</script>&amp;'.jpg", "<script>alert(1)</script>&amp;'.jpg"),
    "a template": ("{{ 7 * 7 }}.jpg", "{{ 7 * 7 }}.jpg"),
    "marks of right to left": ("\u202egpj.exe", "\u202egpj.exe"),
    "separators of lines": ("a\u2028b\u2029c.jpg", "a\u2028b\u2029c.jpg"),
    "percent signs": ("100%25%0A.jpg", "100%25%0A.jpg"),
    "spaces": (" . ", " . "),
}


@pytest.mark.parametrize(("sent", "kept"), NAMES.values(), ids=NAMES)
def test_any_name_is_kept_as_text(app, client, sent, kept):
    answer = client.post("/upload", **form(part(SMALL, sent.encode())))
    assert (answer.status_code, answer.json["original_name"]) == (200, kept)
    filename = answer.json["filename"]
    assert [file.name for file in stored_files(app)] == [filename]
    assert client.get("/images-list").json["data"][0]["original_name"] == kept
    assert client.get("/api/upload").json[0]["original_name"] == kept
    disposition = client.get(f"/images/{filename}").headers["Content-Disposition"]
    assert disposition.startswith("inline; filename*=UTF-8''")
    assert disposition.isascii()
    assert unquote(disposition.partition("''")[2]) == kept


@pytest.mark.parametrize(("sent", "kept"), NAMES.values(), ids=NAMES)
def test_any_name_is_shown_as_it_is_on_pages_that_are_valid(client, sent, kept):
    shown = client.post("/upload", headers=FRAGMENT, **form(part(SMALL, sent.encode())))
    filename = client.get("/api/upload").json[0]["filename"]
    pages = [client.get("/images-list", headers=shape) for shape in (PAGE, FRAGMENT)]
    pages.append(client.get(f"/view/{filename}", headers=PAGE, follow_redirects=True))
    for page in (shown, *pages):
        assert page.status_code == 200
        assert f"<bdi>{kept}</bdi>" in html.unescape(page.text)
        assert "<script>alert" not in page.text


NO_NAMES = {
    "nothing": b"",
    "a pipe of curl": b"-",
    "a script": b"blob",
    "spaces": b"   ",
    "what nobody sees": "\u200b\u202e\u2028".encode(),
    "NUL": b"\0",
}


@pytest.mark.parametrize("sent", NO_NAMES.values(), ids=NO_NAMES)
@pytest.mark.parametrize("kind", ["jpg", "png", "gif"])
def test_a_file_without_a_name_is_called_by_its_date_and_type(client, sent, kind):
    image = client.post("/upload", **form(part(pictures.MAKE[kind](), sent))).json
    moment = image["upload_time"].replace("T", " ").replace(":", "-").removesuffix("Z")
    assert image["original_name"] == f"{moment}.{kind}"
    for path in ("/images-list", page_of(image)):
        assert f"<bdi>{image['original_name']}</bdi>" in client.get(path, headers=PAGE).text
    disposition = client.get(image["url"]).headers["Content-Disposition"]
    assert unquote(disposition).endswith(f"''{image['original_name']}")


@ON_SQLITE
@pytest.mark.parametrize("name", ["blob.jpg", "-.jpg", "image.png", "--", "Blob", "."])
def test_a_name_without_meaning_is_kept(client, name):
    assert uploaded(client, name=name)["original_name"] == name


@ON_SQLITE
def test_a_file_without_a_name_has_none_in_a_refusal(client):
    answer = client.post("/upload", **form(part(b"text", b"-")))
    assert_error(answer, 415, "unsupported_type", "The file is not a JPG, PNG or GIF image.")


ODD = {
    "lone surrogate": b"form-data; name=\"file\"; filename*=UTF-8''%ED%A0%80.jpg",
    "no UTF-8": b"form-data; name=\"file\"; filename*=UTF-8''%FF%FE.jpg",
    "quote": b'form-data; name="file"; filename="a\\"b.jpg"',
    "bare words": b"form-data; name=file; filename=a.jpg",
}


@pytest.mark.parametrize("disposition", ODD.values(), ids=ODD)
def test_a_name_that_is_no_text_is_no_reason_to_fail(client, disposition):
    answer = client.post("/upload", **form(part_with(disposition, SMALL)))
    assert answer.status_code == 200
    answer.json["original_name"].encode()
    assert client.get("/images-list", headers=PAGE).status_code == 200


@SHAPES
@pytest.mark.parametrize("name", [b"\xed\xa0\x80.jpg", b"\xff.jpg"], ids=["lone surrogate", "Latin 1"])
def test_a_header_that_is_no_utf_8_cannot_be_read(app, client, shape, name):
    assert_error(client.post("/upload", headers=shape, **form(part(SMALL, name))), 400, "bad_request")
    assert stored_files(app) == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [("cat.png", "jpg"), ("cat.JPG", "jpg"), ("cat", "gif"), ("cat.exe", "png"), ("cat.PNG", "png")],
)
def test_the_extension_is_that_of_the_bytes(client, name, kind):
    image = uploaded(client, pictures.MAKE[kind](), name)
    assert image["filename"].endswith(f".{kind}")
    assert (image["original_name"], image["file_type"]) == (name, kind)


@ON_SQLITE
@pytest.mark.parametrize("mime_type", ["text/html", "image/png", "application/x-php", "nonsense"])
def test_the_type_is_that_of_the_bytes(client, mime_type):
    file = (as_upload(SMALL)["file"][0], "a.jpg", mime_type)
    image = client.post("/upload", data={"file": file}).json
    assert image["file_type"] == "jpg"
    assert client.get(image["url"]).content_type == "image/jpeg"


@ON_SQLITE
@SHAPES
def test_a_refusal_repeats_no_more_of_a_name_than_a_sentence_bears(client, shape):
    answer = client.post("/upload", headers=shape, **form(part(b"text", b"<b>" + b"n" * 5000)))
    message = assert_error(answer, 415, "unsupported_type", "n…")
    assert message.count("n") < 600
