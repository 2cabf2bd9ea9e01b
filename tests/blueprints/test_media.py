"""GET /images/<filename> and /thumbnails/<filename>.webp: headers, conditions, ranges."""

import hashlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from imagehost import imaging
from imagehost.services import images
from tests import pictures
from tests.conftest import ON_SQLITE, SHAPES, assert_error, stored_files, uploaded

TYPES = {"jpg": "image/jpeg", "png": "image/png", "gif": "image/gif"}
CONTENT = pictures.gif(64, 48)
SIZE = len(CONTENT)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
    "Accept-Ranges": "bytes",
}


@pytest.fixture
def image(client):
    return uploaded(client, CONTENT, "Grüße, 写真;.gif")


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_image_comes_with_all_its_headers(client, kind, method):
    content = pictures.MAKE[kind]()
    image = uploaded(client, content, f"a.{kind}")
    answer = client.open(image["url"], method=method)
    assert answer.status_code == 200
    assert answer.content_type == TYPES[kind]
    assert answer.data == (content if method == "GET" else b"")
    assert answer.content_length == len(content)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert answer.get_etag() == (hashlib.sha256(content).hexdigest(), False)
    assert answer.headers["Content-Disposition"] == f"inline; filename*=UTF-8''a.{kind}"
    assert "Set-Cookie" not in answer.headers


@ON_SQLITE
def test_the_original_name_is_told_in_any_writing(client, image):
    expected = "inline; filename*=UTF-8''Gr%C3%BC%C3%9Fe%2C%20%E5%86%99%E7%9C%9F%3B.gif"
    assert client.get(image["url"]).headers["Content-Disposition"] == expected


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_thumbnail_comes_with_its_headers(client, image, method):
    answer = client.open(image["thumbnail_url"], method=method)
    assert (answer.status_code, answer.content_type) == (200, "image/webp")
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert answer.content_length == len(client.get(image["thumbnail_url"]).data)
    assert answer.get_etag()[0] != client.get(image["url"]).get_etag()[0]


@pytest.mark.parametrize("url", ["url", "thumbnail_url"])
def test_who_has_it_gets_it_no_second_time(client, image, url):
    first = client.get(image[url])
    for condition in (
        {"If-None-Match": first.headers["ETag"]},
        {"If-None-Match": f'"other", W/{first.headers["ETag"]}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": first.headers["Last-Modified"]},
    ):
        answer = client.get(image[url], headers=condition)
        assert (answer.status_code, answer.data) == (304, b""), condition
        assert answer.headers["ETag"] == first.headers["ETag"]
        assert answer.headers["Cache-Control"] == HEADERS["Cache-Control"]


@ON_SQLITE
@pytest.mark.parametrize("since", [timedelta(days=-1), None])
def test_who_has_another_gets_it(client, image, since):
    old = format_datetime(datetime.now(UTC) + since, usegmt=True) if since else "no date"
    for condition in ({"If-None-Match": '"other"'}, {"If-Modified-Since": old}):
        assert client.get(image["url"], headers=condition).data == CONTENT


RANGES = {
    "bytes=0-0": (0, 1),
    "bytes=0-99": (0, 100),
    "bytes=100-199": (100, 200),
    "bytes=100-": (100, SIZE),
    f"bytes={SIZE - 1}-": (SIZE - 1, SIZE),
    "bytes=-1": (SIZE - 1, SIZE),
    "bytes=-100": (SIZE - 100, SIZE),
    f"bytes=0-{SIZE + 1000}": (0, SIZE),
}


@pytest.mark.parametrize(("asked", "part"), RANGES.items(), ids=RANGES)
def test_a_range_is_served(client, image, asked, part):
    start, stop = part
    answer = client.get(image["url"], headers={"Range": asked})
    assert (answer.status_code, answer.data) == (206, CONTENT[start:stop])
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{SIZE}"
    assert answer.content_length == stop - start
    assert answer.headers["Cache-Control"] == HEADERS["Cache-Control"]


@SHAPES
@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", f"bytes={SIZE + 10}-{SIZE + 20}"])
def test_a_range_past_the_end_is_refused(client, image, shape, asked):
    answer = client.get(image["url"], headers={"Range": asked, **shape})
    assert_error(answer, 416, "requested_range_not_satisfiable", "no such range")
    assert answer.headers["Content-Range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "letters=0-5", "nonsense", "bytes=9-3", "bytes=a-b", ""])
def test_a_range_of_another_kind_is_passed_over(client, image, asked):
    answer = client.get(image["url"], headers={"Range": asked})
    assert (answer.status_code, answer.data) == (200, CONTENT)


@pytest.mark.parametrize("header", ["ETag", "Last-Modified"])
def test_a_range_of_the_same_image_is_served(client, image, header):
    validator = client.get(image["url"]).headers[header]
    answer = client.get(image["url"], headers={"Range": "bytes=0-9", "If-Range": validator})
    assert (answer.status_code, answer.data) == (206, CONTENT[:10])


@pytest.mark.parametrize("validator", ['"other"', "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_a_range_of_another_image_is_the_whole(client, image, validator):
    answer = client.get(image["url"], headers={"Range": "bytes=0-9", "If-Range": validator})
    assert (answer.status_code, answer.data) == (200, CONTENT)


@SHAPES
@pytest.mark.parametrize("folder", ["images", "thumbnails"])
@pytest.mark.parametrize(
    "name", ["aaaaaaaaaaaaaaaa.jpg", "..", "a/b.jpg", "%2e%2e%2fimagehost.db", "x.jpg%0a"]
)
def test_an_unknown_name_is_not_found(client, shape, folder, name):
    suffix = ".webp" if folder == "thumbnails" else ""
    answer = client.get(f"/{folder}/{name}{suffix}", headers=shape)
    assert_error(answer, 404, "not_found")
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("folder", [".incoming", ".renditions", ".locks", ".imagehost", "aa"])
def test_nothing_unfinished_is_reachable(client, image, folder):
    filename = image["filename"]
    for path in (folder, f"{folder}/{filename}", f"{folder}/{filename[:2]}/{filename}.webp"):
        assert client.get(f"/images/{path}").status_code == 404


@pytest.mark.parametrize("url", ["url", "thumbnail_url"])
def test_a_row_without_its_file_is_not_found(app, client, image, url):
    for file in stored_files(app):
        file.unlink()
    assert_error(client.get(image[url]), 404, "not_found")


@SHAPES
def test_an_image_whose_pixels_cannot_be_decoded_has_no_thumbnail(app, client, shape):
    image = uploaded(client, pictures.png(64, 48), "odd.png")
    (file,) = stored_files(app)
    file.write_bytes(pictures.png(64, 48)[:60])
    answer = client.get(image["thumbnail_url"], headers=shape)
    assert_error(answer, 422, "damaged_image", "odd.png is damaged: its pixels cannot be decoded")
    assert stored_files(app) == [file]


def test_a_thumbnail_is_made_once(app, client, image, monkeypatch):
    first = client.get(image["thumbnail_url"])
    monkeypatch.setattr("imagehost.imaging.thumbnail", None)
    assert client.get(image["thumbnail_url"]).data == first.data
    assert [file.name for file in stored_files(app)].count(f"{image['filename']}.webp") == 1


def test_a_thumbnail_that_was_lost_is_made_anew(app, client, image):
    first = client.get(image["thumbnail_url"]).data
    next(file for file in stored_files(app) if file.suffix == ".webp").unlink()
    assert client.get(image["thumbnail_url"]).data == first


@ON_SQLITE
def test_a_thumbnail_of_an_image_that_went_meanwhile_is_not_kept(app, client, image, monkeypatch):
    make = imaging.thumbnail

    def thumbnail_while_deleting(*arguments):
        images.delete(image["id"])
        return make(*arguments)

    monkeypatch.setattr(imaging, "thumbnail", thumbnail_while_deleting)
    assert_error(client.get(image["thumbnail_url"]), 404, "not_found")
    assert stored_files(app) == []


def test_a_request_meant_for_another_image_is_refused(client):
    image = uploaded(client)
    etag = client.get(image["url"]).headers["ETag"]
    refused = client.get(image["url"], headers={"If-Match": '"another"'})
    assert_error(refused, 412, "precondition_failed")
    assert client.get(image["url"], headers={"If-Match": etag}).status_code == 200
