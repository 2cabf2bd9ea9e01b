"""GET /view/<filename>: one image, its links, and what chat programs read."""

import html
import re

import pytest
from PIL import Image

from tests import pictures
from tests.conftest import FRAGMENT, JSON, PAGE, SHAPES, assert_error, uploaded
from tests.forms import form, part


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


def test_chat_programs_learn_what_they_unfurl(client):
    image = uploaded(client, pictures.png(64, 48), 'a"b<c>.png')
    found = tags(client.get(image["view_url"]).text)
    assert found["og:image"] == image["url"]
    assert found["og:url"] == image["view_url"]
    assert found["og:title"] == image["original_name"]
    assert (found["og:image:width"], found["og:image:height"]) == ("64", "48")
    assert found["twitter:card"] == "summary_large_image"
    assert found["og:image:type"] == "image/png"
    assert re.fullmatch(r"PNG, 64 × 48, \d+\.\d KiB", found["og:description"])
    assert found["description"] == found["og:description"]


def test_an_image_without_a_name_is_called_by_its_filename(client):
    filename = client.post("/upload", **form(part(pictures.jpg(), b""))).json["filename"]
    assert f"<title>{filename} · imagehost</title>" in client.get(f"/view/{filename}").text


@SHAPES
@pytest.mark.parametrize("path", ["/view/aaaaaaaaaaaaaaaa.jpg", "/view/aaaa", "/view/..", "/view/a/b.jpg"])
def test_there_is_no_page_of_what_is_not_there(client, shape, path):
    assert_error(client.get(path, headers=shape), 404, "not_found")


@SHAPES
def test_the_page_goes_with_its_image(client, shape):
    image = uploaded(client)
    client.delete(f"/delete/{image['id']}")
    assert_error(client.get(image["view_url"], headers=shape), 404, "not_found", "may have been deleted")


def test_sizes_are_those_that_are_shown(client):
    """A phone held upright stores a picture on its side, and says so."""
    exif = Image.Exif()
    exif[0x0112] = 6
    image = uploaded(client, pictures.jpg(64, 48, exif=exif))
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
