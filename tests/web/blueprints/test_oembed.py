"""GET /oembed describes an image for other sites that have its address."""

import io
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from PIL import Image

from imagehost.db import models
from imagehost.domain.policy import ANYBODY
from imagehost.services import images
from imagehost.web import representations
from tests import pictures
from tests.conftest import ON_BOTH_DATABASES, SHAPES, SMALL, as_upload, assert_error, uploaded
from tests.formats import samples
from tests.forms import form, part
from tests.rows import execute

FORWARDED = {"X-Forwarded-Host": "img.example.org", "X-Forwarded-Proto": "https"}


def asked(client, url, headers=None, **limits):
    answer = client.get("/oembed", query_string={"url": url, **limits}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json


def size(answer, of=""):
    return answer[f"{of}width"], answer[f"{of}height"]


def real_size(client, url):
    with Image.open(io.BytesIO(client.get(url).data)) as image:
        return image.size


def test_an_image_is_described_by_the_address_of_its_page(client):
    image = uploaded(client, pictures.png(640, 400), "Grüße.png")
    assert asked(client, image["view_url"]) == {
        "version": "1.0",
        "type": "photo",
        "title": "Grüße.png",
        "url": image["url"],
        "width": 640,
        "height": 400,
        "provider_name": "imagehost",
        "provider_url": "http://localhost/",
        "cache_age": 86400,
        "thumbnail_url": image["thumbnail_url"],
        "thumbnail_width": 320,
        "thumbnail_height": 200,
    }


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url.replace("/view/", "/images/") + ".jpg",
        lambda url: f"{url}.jpg",
        lambda url: url.replace("http:", "https:"),
        lambda url: url.replace("http://localhost", "HTTP://LOCALHOST"),
        lambda url: f"{url}?page=2",
        lambda url: f"{url}#top",
        lambda url: url.replace("/view/", "/v%69ew/"),
    ],
    ids=["the image's own", "with its extension", "https", "capitals", "a query", "a place", "escaped"],
)
def test_every_address_of_an_image_will_do(client, change):
    image = uploaded(client)
    assert asked(client, change(image["view_url"]))["url"] == image["url"]


@pytest.mark.parametrize("headers", [{}, {"Accept": "text/html"}, {"HX-Request": "true"}])
def test_the_answer_is_json_to_everybody_and_open_to_all_sites(client, headers):
    url = uploaded(client)["view_url"]
    answer = client.get("/oembed", query_string={"url": url, "format": "json"}, headers=headers)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_sizes_are_as_shown(client, orientation):
    content = pictures.jpg(601, 397, exif=samples.exif(orientation))
    image = uploaded(client, content)
    assert (image["width"], image["height"]) == (601, 397)
    answer = asked(client, image["url"])
    assert size(answer) == ((601, 397) if orientation < 5 else (397, 601))
    assert size(answer, "thumbnail_") == real_size(client, answer["thumbnail_url"])


ODD = [(1, 1), (321, 10), (3000, 2), (2, 3000), (1023, 767), (500, 333), (1299, 640), (319, 321)]


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("sides", ODD, ids=str)
@pytest.mark.parametrize("kind", ["jpg", "png"])
def test_sizes_of_thumbnails_are_those_of_the_thumbnails(client, kind, sides, orientation):
    # A picture with transparency is scaled in another way.
    picture = Image.new("RGB" if kind == "jpg" else "RGBA", sides)
    content = pictures.encode(picture, kind, exif=samples.exif(orientation))
    answer = asked(client, uploaded(client, content)["url"])
    assert size(answer, "thumbnail_") == real_size(client, answer["thumbnail_url"])


LIMITS = {
    "as large as the image": ({"maxwidth": "640", "maxheight": "400"}, "url", (640, 400), True),
    "one side only": ({"maxwidth": "640"}, "url", (640, 400), True),
    "much more": ({"maxwidth": "9" * 3000}, "url", (640, 400), True),
    "zeros in front": ({"maxheight": "00400"}, "url", (640, 400), True),
    "a pixel less": ({"maxwidth": "639"}, "url", (639, 399), True),
    "a pixel less in height": ({"maxheight": "399"}, "url", (638, 399), True),
    "as large as the thumbnail": ({"maxwidth": "320", "maxheight": "200"}, "thumbnail_url", (320, 200), True),
    "less than that": ({"maxwidth": "319"}, "thumbnail_url", (319, 199), False),
    "less in height": ({"maxwidth": "9" * 3000, "maxheight": "50"}, "thumbnail_url", (80, 50), False),
    "both sides": ({"maxwidth": "100", "maxheight": "10"}, "thumbnail_url", (16, 10), False),
    "a pixel": ({"maxwidth": "1"}, "thumbnail_url", (1, 1), False),
}


@pytest.mark.parametrize(("limits", "url", "sides", "has_thumbnail"), LIMITS.values(), ids=LIMITS)
def test_the_picture_fits_into_the_requested_size(client, limits, url, sides, has_thumbnail):
    image = uploaded(client, pictures.png(640, 400))
    answer = asked(client, image["url"], **limits)
    assert (answer["url"], size(answer)) == (image[url], sides)
    has = {name for name in answer if name.startswith("thumbnail_")}
    assert has == ({"thumbnail_url", "thumbnail_width", "thumbnail_height"} if has_thumbnail else set())


def test_the_box_is_for_the_image_as_shown(client):
    image = uploaded(client, pictures.jpg(640, 400, exif=samples.exif(6)))
    assert asked(client, image["url"], maxwidth="400")["url"] == image["url"]
    assert size(asked(client, image["url"], maxheight="639")) == (399, 639)
    assert size(asked(client, image["url"], maxheight="320")) == (200, 320)


BEST = {
    "a phone's box": ("jpg", {"maxwidth": "600"}, "/previews/720/", (600, 400)),
    "that of the small preview": ("jpg", {"maxwidth": "720"}, "/previews/720/", (720, 480)),
    "a pixel more": ("jpg", {"maxwidth": "721"}, "/previews/1280/", (721, 480)),
    "that of the large preview": (
        "jpg",
        {"maxwidth": "1280", "maxheight": "1280"},
        "/previews/1280/",
        (1280, 853),
    ),
    "more than that": ("jpg", {"maxwidth": "1281"}, "/images/", (1281, 854)),
    "that of the thumbnail": ("jpg", {"maxwidth": "320"}, "/thumbnails/", (320, 213)),
    "less": ("jpg", {"maxheight": "100"}, "/thumbnails/", (150, 100)),
    "no limit": ("jpg", {}, "/images/", (1500, 1000)),
    "for what has no previews": ("png", {"maxwidth": "600"}, "/images/", (600, 400)),
    "little for what has no previews": ("png", {"maxwidth": "200"}, "/thumbnails/", (200, 133)),
    "little for what may move": ("gif", {"maxwidth": "200"}, "/images/", (200, 133)),
}


@pytest.mark.parametrize(("kind", "limits", "folder", "sides"), BEST.values(), ids=BEST)
def test_the_smallest_picture_that_is_sharp_there_is_given(client, kind, limits, folder, sides):
    image = uploaded(client, pictures.encode(Image.new("RGB", (1500, 1000)), kind))
    answer = asked(client, image["view_url"], **limits)
    assert (urlsplit(answer["url"]).path.startswith(folder), size(answer)) == (True, sides), answer
    width, height = real_size(client, answer["url"])
    assert width >= sides[0]
    assert height >= sides[1]


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("sides", [(1301, 10), (3000, 2), (2, 3000), (1023, 767), (1299, 640)], ids=str)
@pytest.mark.parametrize("box", [300, 320, 321, 719, 720, 1000, 1280])
def test_no_picture_is_smaller_than_it_is_shown_nor_larger_than_its_box(client, sides, orientation, box):
    content = pictures.encode(Image.new("RGB", sides), "jpg", exif=samples.exif(orientation))
    answer = asked(client, uploaded(client, content)["url"], maxwidth=str(box), maxheight=str(box))
    shown, real = size(answer), real_size(client, answer["url"])
    if orientation == 6 and "/images/" in answer["url"]:
        # Renditions are upright. A program that shows the image itself turns it.
        real = real[::-1]
    assert max(shown) <= box
    assert shown[0] <= real[0]
    assert shown[1] <= real[1]


@SHAPES
@pytest.mark.parametrize("query", ["", "?url=", "?format=json&maxwidth=100"])
def test_an_address_is_needed(client, shape, query):
    assert_error(client.get(f"/oembed{query}", headers=shape), 400, "bad_request", "parameter url is missing")


@SHAPES
@pytest.mark.parametrize("name", ["maxwidth", "maxheight"])
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "", "x", "1e3", " 1", "٣", "²", "9" * 5000])
def test_a_side_must_be_a_whole_number_of_at_least_1(client, shape, name, value):
    query = {"url": uploaded(client)["url"], name: value}
    answer = client.get("/oembed", query_string=query, headers=shape)
    assert_error(answer, 400, "bad_request", name, "whole number of at least 1")


ELSEWHERE = {
    "another host": "http://evil.example/view/{}",
    "another port": "http://localhost:8001/view/{}",
    "a host that begins alike": "http://localhost.evil.example/view/{}",
    "a host that ends alike": "http://evil-localhost/view/{}",
    "somebody at our host": "http://evil.example@localhost/view/{}",
    "our host as somebody": "http://localhost@evil.example/view/{}",
    "a backslash": "http://evil.example\\@localhost/view/{}",
    "another scheme": "ftp://localhost/view/{}",
    "no scheme": "//localhost/view/{}",
    "no host": "/view/{}",
    "the name alone": "{}",
    "no address at all": "http://[::1/view/{}",
    "a script": "javascript:alert('/view/{}')",
    "the thumbnail": "http://localhost/thumbnails/{}.webp",
    "another page": "http://localhost/images-list?{}",
    "a page for other methods": "http://localhost/api/upload/{}",
    "no page": "http://localhost/nothing/{}",
    "more behind it": "http://localhost/view/{}/more",
    "a slash behind it": "http://localhost/view/{}/",
    "a way round": "http://localhost/static/../view/{}",
    "the start page": "http://localhost",
    "NUL": "http://localhost/view/{}\0",
}


@SHAPES
@ON_BOTH_DATABASES
@pytest.mark.parametrize("address", ELSEWHERE.values(), ids=ELSEWHERE)
def test_other_addresses_are_not_found(client, shape, address):
    query = {"url": address.format(uploaded(client)["filename"])}
    answer = client.get("/oembed", query_string=query, headers=shape)
    assert_error(answer, 404, "not_found")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@SHAPES
def test_an_image_that_is_gone_is_not_found(client, shape):
    image = uploaded(client)
    client.delete(f"/delete/{image['id']}")
    answer = client.get("/oembed", query_string={"url": image["view_url"]}, headers=shape)
    assert_error(answer, 404, "not_found", "may have been deleted")


@SHAPES
@pytest.mark.parametrize("name", ["xml", "JSON", "", "html"])
def test_there_is_no_other_format_than_json(client, shape, name):
    query = {"url": uploaded(client)["url"], "format": name}
    answer = client.get("/oembed", query_string=query, headers=shape)
    assert_error(answer, 501, "not_implemented", "only in JSON")


def test_the_public_url_is_the_address_of_this_host(make_app):
    client = make_app(PUBLIC_URL="https://img.example.org").test_client()
    filename = uploaded(client)["filename"]
    for scheme in ("http", "https"):
        answer = asked(client, f"{scheme}://IMG.example.org/view/{filename}")
        assert answer["url"] == f"https://img.example.org/images/{filename}"
        assert answer["provider_url"] == "https://img.example.org/"
    query = {"url": f"http://localhost/view/{filename}"}
    assert_error(client.get("/oembed", query_string=query), 404, "not_found")


@pytest.mark.parametrize(("proxies", "host"), [(1, "https://img.example.org"), (0, "http://localhost")])
def test_behind_a_proxy_the_forwarded_host_is_ours(make_app, proxies, host):
    client = make_app(TRUSTED_PROXIES=proxies, ALLOWED_HOSTS=("img.example.org",)).test_client()
    filename = uploaded(client)["filename"]
    answer = asked(client, f"{host}/view/{filename}", headers=FORWARDED)
    assert answer["url"] == f"{host}/images/{filename}"
    query = {"url": "http://other.example/view/" + filename}
    assert_error(client.get("/oembed", query_string=query, headers=FORWARDED), 404, "not_found")


def test_a_port_belongs_to_the_host(client):
    image = client.post("/upload", data=as_upload(pictures.jpg()), headers={"Host": "[::1]:8000"}).json
    assert image["view_url"].startswith("http://[::1]:8000/view/")
    assert asked(client, image["view_url"], headers={"Host": "[::1]:8000"})["url"] == image["url"]


@pytest.mark.parametrize(
    "name", ["</script><script>alert(1)</script>", "a'b&amp;c.png", "\u202egpj.exe", "写真 🐈"]
)
def test_any_name_is_a_title(client, name):
    image = client.post("/upload", **form(part(SMALL, name.encode()))).json
    assert asked(client, image["view_url"])["title"] == image["original_name"] == name


def test_an_image_without_a_name_is_called_by_its_filename(host, client):
    """Old rows may have no name. Today a file without a name is named by its date."""
    image = uploaded(client)
    execute(host, sa.update(models.Image).values(original_name=""))
    assert asked(client, image["view_url"])["title"] == image["filename"]


def test_the_oembed_address_in_pages_works(host, app, client):
    image = uploaded(client)
    with app.test_request_context():
        address = representations.oembed_url(images.find_image(host, ANYBODY, image["filename"]))
    assert parse_qs(urlsplit(address).query) == {"url": [image["view_url"]]}
    assert client.get(address).json["url"] == image["url"]
