"""GET /images/<filename> and its renditions at /thumbnails and /previews: headers, conditions, ranges."""

import hashlib
import io
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import sqlalchemy as sa
from PIL import Image

from imagehost import imaging
from imagehost.db.models import Image as Row
from imagehost.domain.policy import ANYBODY
from imagehost.domain.rendition_sizes import RENDITION_VERSION
from imagehost.services import images
from imagehost.web import representations
from tests import pictures
from tests.applications import change_host
from tests.conftest import SHAPES, assert_error, stored_files, uploaded
from tests.formats import samples
from tests.rows import scalars

TYPES = {"jpg": "image/jpeg", "png": "image/png", "gif": "image/gif"}
CONTENT = pictures.gif(64, 48)
SIZE = len(CONTENT)
PHOTO = pictures.jpg(1300, 867)
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


@pytest.fixture
def photo(client):
    return with_preview(uploaded(client, PHOTO))


def with_preview(image):
    return image | {"preview_url": f"/previews/720/{image['filename']}.webp"}


ADDRESSES = pytest.mark.parametrize("url", ["url", "thumbnail_url", "preview_url"])
RENDITIONS = pytest.mark.parametrize("url", ["thumbnail_url", "preview_url"])


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


def test_the_original_name_is_sent_in_any_script(client, image):
    expected = "inline; filename*=UTF-8''Gr%C3%BC%C3%9Fe%2C%20%E5%86%99%E7%9C%9F%3B.gif"
    assert client.get(image["url"]).headers["Content-Disposition"] == expected


@pytest.mark.parametrize(("url", "side"), [("thumbnail_url", 320), ("preview_url", 720)])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_rendition_comes_with_its_headers(client, photo, url, side, method):
    answer = client.open(photo[url], method=method)
    assert (answer.status_code, answer.content_type) == (200, "image/webp")
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert answer.content_length == len(client.get(photo[url]).data)
    assert answer.get_etag() == (f"{hashlib.sha256(PHOTO).hexdigest()}-{side}-{RENDITION_VERSION}", False)


@ADDRESSES
def test_a_client_that_has_the_image_gets_304(client, photo, url):
    first = client.get(photo[url])
    for condition in (
        {"If-None-Match": first.headers["ETag"]},
        {"If-None-Match": f'"other", W/{first.headers["ETag"]}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": first.headers["Last-Modified"]},
    ):
        answer = client.get(photo[url], headers=condition)
        assert (answer.status_code, answer.data) == (304, b""), condition
        assert answer.headers["ETag"] == first.headers["ETag"]
        assert answer.headers["Cache-Control"] == HEADERS["Cache-Control"]


@pytest.mark.parametrize("since", [timedelta(days=-1), None])
def test_a_client_with_another_version_gets_the_image(client, image, since):
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
    assert_error(answer, 416, "requested_range_not_satisfiable", "does not contain the requested byte range")
    assert answer.headers["Content-Range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "letters=0-5", "nonsense", "bytes=9-3", "bytes=a-b", ""])
def test_a_range_in_another_unit_is_ignored(client, image, asked):
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
@pytest.mark.parametrize("folder", ["images", "thumbnails", "previews"])
@pytest.mark.parametrize(
    "name", ["aaaaaaaaaaaaaaaa.jpg", "..", "a/b.jpg", "%2e%2e%2fimagehost.db", "x.jpg%0a"]
)
def test_an_unknown_name_is_not_found(client, shape, folder, name):
    suffix = "" if folder == "images" else ".webp"
    answer = client.get(f"/{folder}/{name}{suffix}", headers=shape)
    assert_error(answer, 404, "not_found")
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("folder", [".incoming", ".renditions", ".locks", ".imagehost", "aa"])
def test_nothing_unfinished_is_reachable(client, image, folder):
    filename = image["filename"]
    for path in (folder, f"{folder}/{filename}", f"{folder}/{filename[:2]}/{filename}.webp"):
        assert client.get(f"/images/{path}").status_code == 404


@ADDRESSES
def test_a_row_without_its_file_is_not_found(app, client, photo, url):
    for file in stored_files(app):
        file.unlink()
    assert_error(client.get(photo[url]), 404, "not_found")


@SHAPES
@RENDITIONS
def test_an_image_whose_pixels_cannot_be_decoded_has_no_rendition(app, client, shape, url):
    image = with_preview(uploaded(client, PHOTO, "odd.jpg"))
    (file,) = stored_files(app)
    file.write_bytes(PHOTO[:600])
    answer = client.get(image[url], headers=shape)
    assert_error(answer, 422, "damaged_image", "odd.jpg is damaged: its pixels cannot be decoded")
    assert [path.suffix for path in stored_files(app)] == [".failed", ".jpg"]


@pytest.mark.parametrize(("url", "suffix"), [("thumbnail_url", ".webp"), ("preview_url", ".720.webp")])
def test_a_rendition_is_made_once(app, client, photo, url, suffix):
    first = client.get(photo[url])
    change_host(app, renderer=None)
    assert client.get(photo[url]).data == first.data
    renditions = [file.name for file in stored_files(app) if ".renditions" in file.parts]
    assert renditions == [photo["filename"] + suffix]


@RENDITIONS
def test_a_lost_rendition_is_made_again(app, client, photo, url):
    first = client.get(photo[url]).data
    next(file for file in stored_files(app) if file.suffix == ".webp").unlink()
    assert client.get(photo[url]).data == first


@RENDITIONS
def test_a_rendition_of_an_image_that_went_meanwhile_is_not_kept(host, app, client, photo, url):
    class Deleting(imaging.Renderer):
        def render(self, *arguments: object) -> bytes:
            images.delete_image(host, ANYBODY, photo["id"])
            return super().render(*arguments)

    change_host(app, renderer=Deleting())
    assert_error(client.get(photo[url]), 404, "not_found")
    assert stored_files(app) == []


def test_a_deletion_takes_every_rendition(app, client):
    image = uploaded(client, pictures.jpg(1300, 867))
    paths = [
        f"/{folder}/{image['filename']}.webp" for folder in ("thumbnails", "previews/720", "previews/1280")
    ]
    assert len({client.get(path).data for path in paths}) == 3
    assert len(stored_files(app)) == 4
    assert client.delete(f"/delete/{image['id']}").status_code == 200
    assert stored_files(app) == []
    for path in paths:
        assert_error(client.get(path), 404, "not_found")


def told(host, app, image):
    """Return the addresses and the widths of an image's previews in templates."""
    with app.test_request_context():
        (row,) = scalars(host, sa.select(Row).where(Row.id == image["id"]))
        sources = representations.srcset(row)
    return [tuple(source.rsplit(" ", 1)) for source in sources.split(", ")] if sources else []


LARGE = [(1281, 5), (5, 1281), (1281, 1281), (1923, 1081), (2560, 1703), (10243, 77)]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("sides", LARGE, ids=str)
def test_a_preview_has_the_size_that_templates_use(host, app, client, sides, orientation):
    content = pictures.encode(Image.new("RGB", sides), "jpg", exif=samples.exif(orientation))
    image = uploaded(client, content)
    *previews, (whole, width) = told(host, app, image)
    assert (whole, width) == (
        f"/images/{image['filename']}",
        f"{(sides[::-1] if orientation > 4 else sides)[0]}w",
    )
    assert [url for url, _ in previews] == [
        f"/previews/{side}/{image['filename']}.webp" for side in (720, 1280)
    ]
    for (url, width), side in zip(previews, (720, 1280), strict=True):
        with Image.open(io.BytesIO(client.get(url).data)) as made:
            assert (f"{made.width}w", max(made.size)) == (width, side)


def test_a_photograph_has_the_previews_that_are_smaller(host, app, client):
    image = uploaded(client, pictures.jpg(1280, 800))
    assert [width for _, width in told(host, app, image)] == ["720w", "1280w"]
    assert_error(client.get(f"/previews/1280/{image['filename']}.webp"), 404, "not_found")


@SHAPES
@pytest.mark.parametrize("side", ["0", "320", "801", "99999999999", "x", "-1"])
def test_there_are_no_other_previews(client, shape, side):
    image = uploaded(client, pictures.jpg(1300, 867))
    assert_error(client.get(f"/previews/{side}/{image['filename']}.webp", headers=shape), 404, "not_found")


FRAMES = [Image.new("L", (1300, 900), grey) for grey in (0, 255)]
SHOWN_AS_THEY_ARE = {
    "a screenshot": pictures.encode(Image.new("RGB", (1300, 900)), "png"),
    "an animation": pictures.encode(FRAMES[0], "gif", save_all=True, append_images=FRAMES[1:]),
    "a small photograph": pictures.jpg(720, 720),
}


@SHAPES
@pytest.mark.parametrize("content", SHOWN_AS_THEY_ARE.values(), ids=SHOWN_AS_THEY_ARE)
def test_images_that_are_shown_unchanged_have_no_preview(host, app, client, shape, content):
    image = with_preview(uploaded(client, content))
    assert_error(client.get(image["preview_url"], headers=shape), 404, "not_found")
    assert told(host, app, image) == []
    assert len(stored_files(app)) == 1


def test_a_request_meant_for_another_image_is_refused(client):
    image = uploaded(client)
    etag = client.get(image["url"]).headers["ETag"]
    refused = client.get(image["url"], headers={"If-Match": '"another"'})
    assert_error(refused, 412, "precondition_failed")
    assert client.get(image["url"], headers={"If-Match": etag}).status_code == 200
