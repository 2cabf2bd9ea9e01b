"""GET /view/<filename>: one image, its links, and its data for chat programs."""

import html
import io
import re

import pytest
import sqlalchemy as sa
from PIL import Image

from imagehost.db import models
from imagehost.domain import kinds
from imagehost.host import Host
from imagehost.storage.layout import Layout
from tests import pictures
from tests.conftest import FRAGMENT, JSON, ON_BOTH_DATABASES, PAGE, SHAPES, assert_error, page_of, uploaded
from tests.rows import execute


def tags(page: str) -> dict[str, str]:
    found = re.findall(r'<meta (?:property|name)="([^"]+)" content="([^"]*)">', page)
    return {name: html.unescape(value) for name, value in found}


@pytest.mark.parametrize("headers", [PAGE, FRAGMENT, JSON], ids=["page", "fragment", "json"])
def test_an_image_has_a_page_for_everybody(client, headers):
    image = uploaded(client, pictures.png(64, 48), "Grüße.png")
    answer = client.get(image["view_url"], headers=headers)
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    for words in ("Grüße.png", "64 × 48", "PNG", "UTC"):
        assert words in answer.text
    assert f'<img class="whole" src="/images/{image["filename"]}"' in answer.text


def test_all_links_are_there_to_copy(client):
    image = uploaded(client)
    page = client.get(image["view_url"]).text
    values = [html.unescape(value) for value in re.findall(r'<input[^>]* type="text" value="([^"]*)"', page)]
    url = image["url"]
    assert values[:4] == [url, f"![]({url})", f'<img src="{url}" alt="">', f"[img]{url}[/img]"]


def test_the_page_has_the_data_for_chat_programs(client):
    image = uploaded(client, pictures.png(64, 48), 'a"b<c>.png')
    found = tags(client.get(image["view_url"]).text)
    assert found["og:image"] == image["url"]
    assert found["og:url"] == image["view_url"] == f"http://localhost{page_of(image)}"
    assert found["twitter:image"] == image["url"]
    assert found["og:title"] == image["original_name"]
    assert (found["og:image:width"], found["og:image:height"]) == ("64", "48")
    assert found["twitter:card"] == "summary_large_image"
    assert found["og:image:type"] == "image/png"
    assert re.fullmatch(r"PNG, 64 × 48, \d+\.\d KiB", found["og:description"])
    assert found["description"] == found["og:description"]


def test_an_image_without_a_name_is_called_by_its_filename(host, client):
    """Old rows may have no name. Today a file without a name is named by its date."""
    image = uploaded(client)
    execute(host, sa.update(models.Image).values(original_name=""))
    assert f"<title>{image['filename']} · imagehost</title>" in client.get(page_of(image)).text


def test_chat_programs_get_a_preview_of_a_large_photograph(client):
    image = uploaded(client, pictures.jpg(1600, 1200))
    found = tags(client.get(image["view_url"]).text)
    assert found["og:image"] == f"http://localhost/previews/1280/{image['filename']}.webp"
    assert found["twitter:image"] == found["og:image"]
    answer = client.get(found["og:image"])
    assert found["og:image:type"] == answer.mimetype == "image/webp"
    with Image.open(io.BytesIO(answer.data)) as preview:
        size = tuple(map(str, preview.size))
    assert (found["og:image:width"], found["og:image:height"]) == size == ("1280", "960")


@pytest.mark.parametrize(
    ("kind", "sides"), [("png", (1600, 1200)), ("gif", (1600, 1200)), ("jpg", (1280, 900))]
)
def test_chat_programs_get_the_image_itself_where_it_has_no_such_preview(client, kind, sides):
    image = uploaded(client, pictures.encode(Image.new("RGB", sides), kind))
    found = tags(client.get(image["view_url"]).text)
    assert (found["og:image"], found["og:image:type"]) == (image["url"], kinds.KINDS[kind].mime_type)
    assert (found["og:image:width"], found["og:image:height"]) == tuple(map(str, sides))


@pytest.mark.parametrize("headers", [PAGE, FRAGMENT, JSON, {"Accept": "image/*, text/html"}])
def test_the_old_address_redirects_to_the_page(client, headers):
    image = uploaded(client)
    answer = client.get(f"/view/{image['filename']}", headers=headers)
    assert (answer.status_code, answer.location) == (301, page_of(image))
    assert "Accept" in answer.vary
    assert answer.headers["Cache-Control"] == "no-cache"
    page = client.get(answer.location, headers=headers).text
    assert f'<link rel="canonical" href="http://localhost{page_of(image)}">' in page


@pytest.mark.parametrize(
    "accept", ["image/avif,image/webp,image/png,*/*;q=0.8", "image/*", "image/png, text/html;q=0"]
)
def test_requests_for_a_picture_at_the_old_address_get_the_picture(client, accept):
    image = uploaded(client)
    answer = client.get(f"/view/{image['filename']}", headers={"Accept": accept})
    assert (answer.status_code, answer.location) == (302, f"/images/{image['filename']}")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Accept" in answer.vary
    assert client.get(page_of(image), headers={"Accept": accept}).mimetype == "text/html"


@SHAPES
@pytest.mark.parametrize("kind", ["png", "gif", "jpeg", "webp"])
def test_the_name_with_another_extension_is_no_page(client, shape, kind):
    name = page_of(uploaded(client))
    assert_error(client.get(f"{name}.{kind}", headers=shape), 404, "not_found")


def add_namesake(host: Host, app, image: dict[str, object], kind: str) -> str:
    """Add an image with another's name, which an imported database may have. Return its filename."""
    filename = page_of(image).removeprefix("/view/") + f".{kind}"
    namesake = uploaded(app.test_client(), pictures.MAKE[kind](), f"namesake.{kind}")
    stored = Layout(host.settings.images_dir)
    new = stored.path(filename)
    new.parent.mkdir(exist_ok=True)
    stored.path(str(namesake["filename"])).rename(new)
    change = sa.update(models.Image).values(filename=filename)
    execute(host, change.where(models.Image.filename == namesake["filename"]))
    return filename


@ON_BOTH_DATABASES
def test_the_older_of_two_images_with_one_name_has_the_address(host, app, client):
    first = uploaded(client, name="first.jpg")
    second = add_namesake(host, app, first, "png")
    assert "first.jpg" in client.get(page_of(first)).text
    assert client.get(f"/view/{first['filename']}").location == page_of(first)
    answer = client.get(f"/view/{second}", headers=PAGE)
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert "namesake.png" in answer.text
    found = tags(answer.text)
    assert (found["og:url"], found["og:image"]) == (
        f"http://localhost/view/{second}",
        f"http://localhost/images/{second}",
    )
    listed = client.get("/images-list", headers=PAGE).text
    assert f'href="/view/{second}"' in listed
    assert f'href="{page_of(first)}"' in listed
    for url, filename in [(page_of(first), first["filename"]), (f"/view/{second}", second)]:
        shown = client.get("/oembed", query_string={"url": f"http://localhost{url}"}).json
        assert shown["url"] == f"http://localhost/images/{filename}"


@ON_BOTH_DATABASES
def test_when_the_older_is_gone_the_other_has_the_name(host, app, client):
    first = uploaded(client)
    second = add_namesake(host, app, first, "png")
    third = add_namesake(host, app, first, "gif")
    client.delete(f"/delete/{first['id']}")
    assert client.get(f"/view/{second}").location == page_of(first)
    assert "namesake.png" in client.get(page_of(first)).text
    assert client.get(f"/view/{third}").status_code == 200
    assert [client.get(f"/images/{name}").status_code for name in (second, third)] == [200, 200]


@SHAPES
@pytest.mark.parametrize("path", ["/view/aaaaaaaaaaaaaaaa.jpg", "/view/aaaa", "/view/..", "/view/a/b.jpg"])
def test_a_missing_image_has_no_page(client, shape, path):
    assert_error(client.get(path, headers=shape), 404, "not_found")


@SHAPES
def test_the_page_is_removed_with_its_image(client, shape):
    image = uploaded(client)
    client.delete(f"/delete/{image['id']}")
    assert_error(client.get(image["view_url"], headers=shape), 404, "not_found", "may have been deleted")


def test_sizes_are_those_that_are_shown(client):
    """A portrait photograph of a phone is stored in landscape, with an orientation."""
    exif = Image.Exif()
    exif[0x0112] = 6
    image = uploaded(client, pictures.jpg(64, 48, exif=exif.tobytes()))
    assert (image["width"], image["height"]) == (64, 48)
    page = client.get(image["view_url"]).text
    found = tags(page)
    assert (found["og:image:width"], found["og:image:height"]) == ("48", "64")
    assert 'width="48" height="64"' in page
    assert "48 × 64" in page
    assert "48 × 64" in client.get("/images-list", headers=PAGE).text


def test_other_sites_find_the_way_to_embed_it(client):
    image = uploaded(client, pictures.png(64, 48), "a&b.png")
    page = client.get(image["view_url"]).text
    (link,) = re.findall(r'<link rel="alternate" type="application/json\+oembed" href="([^"]+)"', page)
    answer = client.get(html.unescape(link))
    assert answer.json["url"] == image["url"]
    assert (answer.json["title"], answer.json["width"], answer.json["height"]) == ("a&b.png", 64, 48)


@pytest.mark.parametrize(
    ("referrer", "ready"),
    [
        ("http://localhost/upload", True),
        ("http://localhost/images-list", False),
        (None, False),
        ("http://[", False),
    ],
)
def test_after_its_upload_the_link_is_ready_to_be_copied(client, referrer, ready):
    image = uploaded(client)
    headers = {**PAGE, **({"Referer": referrer} if referrer else {})}
    page = client.get(image["view_url"], headers=headers).text
    assert re.findall(r'<input id="([^"]+)"[^>]* autofocus', page) == (["link-link"] if ready else [])
