"""The pages of the host, the files that they load, and their data for other programs."""

import io
import random
import re

import pytest
from PIL import Image

from imagehost.web.blueprints import pages
from tests.conftest import FRAGMENT, JSON, PAGE, SHAPES, page_of, uploaded
from tests.pictures import jpg


@pytest.mark.parametrize("headers", [PAGE, FRAGMENT, JSON])
@pytest.mark.parametrize("path", ["/", "/upload"])
def test_a_page_is_a_page_for_everybody(client, path, headers):
    answer = client.get(path, headers=headers)
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert answer.text.startswith("<!doctype html>")


@pytest.mark.parametrize("illustration", pages.ILLUSTRATIONS)
def test_the_start_page_shows_each_of_five_pictures(client, monkeypatch, illustration):
    monkeypatch.setattr(random, "choice", lambda choices: choices[choices.index(illustration)])
    page = client.get("/").text
    (picture,) = re.findall(r'src="(/static/[0-9a-f]{16}/illustrations/[a-z]+\.svg)"', page)
    assert picture.endswith(f"/{illustration}.svg")
    answer = client.get(picture)
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    assert len(pages.ILLUSTRATIONS) == 5


def test_the_start_page_links_to_the_upload(client):
    page = client.get("/").text
    assert re.search(r"<h1>.+</h1>\s*<p>.+</p>", page)
    assert len(re.findall(r'<a class="button" href="/upload">', page)) == 1


def test_the_upload_page_names_the_allowed_formats(make_app):
    settings = {"MAX_FILE_SIZE": 2 * 1024 * 1024, "ALLOWED_EXTENSIONS": ("jpg", "webp")}
    page = make_app(**settings).test_client().get("/upload").text
    assert "JPG or WEBP, at most 2.0 MiB" in page
    assert 'accept="image/jpeg,image/webp"' in page
    assert re.search(r'<form[^>]* method="post" action="/upload" enctype="multipart/form-data"', page)


@pytest.mark.parametrize("path", ["/", "/upload", "/images-list", "/nothing"])
def test_all_that_a_page_loads_is_served_from_here(client, path):
    page = client.get(path, headers=PAGE).text
    loaded = re.findall(r'<(?:script|img|link)[^>]*? (?:src|href)="([^"]+)"', page)
    assert any(address.endswith("htmx.min.js") for address in loaded)
    for address in loaded:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_every_page_of_an_image_works_without_javascript(client):
    image = uploaded(client)
    page = client.get("/images-list", headers=PAGE).text
    assert f'<form method="post" action="/delete/{image["id"]}"' in page
    assert f'href="{page_of(image)}"' in page


@SHAPES
def test_nothing_sets_a_cookie(client, shape):
    for path in ("/", "/upload", "/images-list", "/nothing"):
        assert "Set-Cookie" not in client.get(path, headers=shape).headers


def test_a_phone_can_install_the_host_and_share_pictures_to_it(make_app):
    client = make_app(ALLOWED_EXTENSIONS=("jpg", "webp")).test_client()
    (address,) = re.findall(r'<link rel="manifest" href="([^"]+)"', client.get("/").text)
    answer = client.get(address)
    assert answer.mimetype == "application/manifest+json"
    manifest = answer.json
    for icon in manifest["icons"]:
        with Image.open(io.BytesIO(client.get(icon["src"]).data)) as picture:
            assert f"{picture.width}x{picture.height}" == icon["sizes"]
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in manifest["icons"]}
    assert client.get(manifest["start_url"]).status_code == 200
    share = manifest["share_target"]
    assert (share["method"], share["enctype"]) == ("POST", "multipart/form-data")
    (field,) = share["params"]["files"]
    assert field["accept"] == ["image/jpeg", "image/webp"]
    # The headers of a phone: a navigation that no page has started.
    headers = {**PAGE, "Origin": "null", "Sec-Fetch-Site": "none"}
    form = {field["name"]: (io.BytesIO(jpg()), "shared.jpg")}
    shared = client.post(share["action"], data=form, headers=headers)
    assert shared.status_code == 303
    assert "shared.jpg" in client.get(shared.location, headers=PAGE).text


def test_the_manifest_is_in_the_language_of_the_phone(client):
    assert client.get("/manifest.webmanifest").json["lang"] == "en"
    german = client.get("/manifest.webmanifest", headers={"Accept-Language": "de"}).json
    assert german["lang"] == "de"
    assert german["description"] != client.get("/manifest.webmanifest").json["description"]
