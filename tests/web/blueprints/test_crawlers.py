"""Files and headers for search engines, for link previews, and for people who report security problems."""

from datetime import UTC, datetime, timedelta
from urllib.robotparser import RobotFileParser

import pytest

from tests import pictures
from tests.conftest import FRAGMENT, PAGE, SHAPES, assert_error, page_of, uploaded

SHARED = [
    "/view/abc",
    "/images/abc.jpg",
    "/previews/1280/abc.jpg.webp",
    "/thumbnails/abc.jpg.webp",
    "/oembed?url=x",
]
LISTS = ["/images-list", "/api/upload", "/upload", "/delete/1"]
ENGINES = ["Googlebot", "Googlebot-Image", "bingbot", "GPTBot", "anything"]
PREVIEWERS = [
    "Twitterbot/1.0",
    "facebookexternalhit/1.1",
    "LinkedInBot/1.0",
    "Slackbot 1.0",
    "Discordbot/2.0",
    "WhatsApp/2",
]
TRUE = {"ALLOW_INDEXING": True}


def may(text: str, agent: str, path: str) -> bool:
    """Return whether Python's parser allows an address. It does not know that $ marks the end."""
    reader = RobotFileParser()
    reader.parse([line for line in text.splitlines() if line != "Allow: /$"])
    return reader.can_fetch(agent, f"http://localhost{path}")


@pytest.mark.parametrize("headers", [PAGE, FRAGMENT, {}])
def test_search_engines_may_fetch_the_start_page_only(client, headers):
    answer = client.get("/robots.txt", headers=headers)
    assert (answer.status_code, answer.mimetype) == (200, "text/plain")
    assert answer.text.endswith("\n\nUser-agent: *\nAllow: /$\nDisallow: /\n")
    for agent in ENGINES:
        assert not [path for path in SHARED + LISTS if may(answer.text, agent, path)], agent


def test_programs_that_show_links_may_fetch_shared_images_and_no_list(client):
    text = client.get("/robots.txt").text
    for agent in PREVIEWERS:
        assert [path for path in SHARED + LISTS if may(text, agent, path)] == SHARED, agent


def test_where_indexing_is_allowed_all_pages_may_be_fetched(make_app):
    text = make_app(**TRUE).test_client().get("/robots.txt").text
    for agent in ENGINES + PREVIEWERS:
        assert [path for path in SHARED + LISTS if not may(text, agent, path)] == ["/api/upload"], agent


@pytest.mark.parametrize(("settings", "said"), [({}, "noindex"), (TRUE, None)], ids=["hidden", "shown"])
def test_pages_and_images_tell_search_engines_whether_to_keep_them(make_app, settings, said):
    client = make_app(**settings).test_client()
    image = uploaded(client, pictures.jpg(800, 600))
    hidden = [
        page_of(image),
        f"/view/{image['filename']}",
        image["url"],
        image["thumbnail_url"],
        "/images-list",
    ]
    for path in [*hidden, f"/previews/720/{image['filename']}.webp", "/upload"]:
        for headers in (PAGE, {}):
            assert client.get(path, headers=headers).headers.get("X-Robots-Tag") == said, path
    etag = client.get(image["url"]).headers["ETag"]
    known = client.get(image["url"], headers={"If-None-Match": etag})
    assert (known.status_code, known.headers.get("X-Robots-Tag")) == (304, said)
    assert "X-Robots-Tag" not in client.get("/").headers


@SHAPES
def test_without_a_contact_there_is_no_security_txt(client, shape):
    assert_error(client.get("/.well-known/security.txt", headers=shape), 404, "not_found")


def fields(text: str) -> dict[str, str]:
    assert text.endswith("\n")
    found = [line.split(": ", 1) for line in text.splitlines()]
    assert len(dict(found)) == len(found)
    return dict(found)


@pytest.mark.parametrize("headers", [PAGE, FRAGMENT, {}])
@pytest.mark.parametrize("contact", ["mailto:a@b.example", "https://b.example/report"])
def test_security_txt_contains_the_contact(make_app, headers, contact):
    client = make_app(SECURITY_CONTACT=contact, PUBLIC_URL="https://img.example.org").test_client()
    answer = client.get("/.well-known/security.txt", headers=headers)
    assert (answer.status_code, answer.content_type) == (200, "text/plain; charset=utf-8")
    found = fields(answer.text)
    assert found["Contact"] == contact
    assert found["Canonical"] == "https://img.example.org/.well-known/security.txt"
    assert found["Preferred-Languages"] == "en, de"
    ends = datetime.strptime(found["Expires"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert timedelta(days=90) < ends - datetime.now(UTC) < timedelta(days=365)


def test_security_txt_has_no_address_of_its_own_without_a_public_url(make_app):
    client = make_app(SECURITY_CONTACT="mailto:a@b.example").test_client()
    answer = client.get("/.well-known/security.txt", headers={"Host": "nas.local"})
    assert set(fields(answer.text)) == {"Contact", "Expires", "Preferred-Languages"}
