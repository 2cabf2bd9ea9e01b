"""The names that the host answers to, and the refusal of other names."""

import re

import pytest

from imagehost.domain.host_names import Hosts, in_ascii
from imagehost.settings.parsers import parse_hosts, parse_public_url
from tests import hosts
from tests.conftest import FRAGMENT, PAGE, SHAPES, SMALL, as_upload, assert_error, uploaded

SETTINGS = {
    "PUBLIC_URL": parse_public_url(hosts.PUBLIC_URL),
    "ALLOWED_HOSTS": parse_hosts(hosts.ALLOWED_HOSTS),
}
PATHS = ["/", "/upload", "/images-list", "/api/upload", "/oembed", "/favicon.ico", "/nowhere", "/formats"]
REBINDING = {"Host": "evil.example", "Origin": "http://evil.example"}


@pytest.fixture
def client(make_app):
    return make_app(**SETTINGS).test_client()


@pytest.mark.parametrize("host", hosts.OWN)
def test_the_host_answers_to_its_own_names(client, host):
    assert client.get("/images-list", headers={"Host": host}).status_code == 200
    assert client.get("/images-list", headers={"Host": host, **PAGE}).status_code == 200


@pytest.mark.parametrize("host", [*hosts.OTHER, "a..b", "a..local"])
def test_the_host_answers_to_no_other_name(client, host):
    assert_error(client.get("/images-list", headers={"Host": host}), 421, "wrong_host", "ALLOWED_HOSTS")


@SHAPES
@pytest.mark.parametrize("path", PATHS)
def test_every_address_is_guarded(client, shape, path):
    answer = client.get(path, headers={**shape, "Host": "evil.example"})
    message = assert_error(answer, 421, "wrong_host", "evil.example", "ALLOWED_HOSTS")
    assert "Traceback" not in message
    assert answer.headers["X-Request-ID"]


def test_the_page_of_the_refusal_loads_no_files(client):
    """The host would refuse other files for the page too."""
    page = client.get("/images-list", headers={**PAGE, "Host": "evil.example"}).text
    assert re.findall('(?:src|href)="([^"]*)"', page) == ["data:,"]


def test_static_files_are_guarded_too(client):
    path = client.get("/").text.split('rel="stylesheet" href="')[1].split('"')[0]
    assert client.get(path).status_code == 200
    assert client.get(path, headers={"Host": "evil.example"}).status_code == 421


def test_an_image_is_guarded_too(client):
    image = uploaded(client)
    path = f"/images/{image['filename']}"
    assert client.get(path).status_code == 200
    assert client.get(path, headers={"Host": "evil.example"}).status_code == 421


def test_a_rebound_name_cannot_list_upload_or_delete(client):
    image = uploaded(client)
    changes = [
        client.get("/api/upload", headers=REBINDING),
        client.post("/upload", data=as_upload(SMALL), headers=REBINDING),
        client.post(
            "/api/upload", data=as_upload(SMALL), headers={**REBINDING, "Sec-Fetch-Site": "same-origin"}
        ),
        client.delete(f"/delete/{image['id']}", headers=REBINDING),
        client.post(f"/delete/{image['id']}", headers=REBINDING),
        client.delete(f"/api/upload/{image['filename']}", headers=REBINDING),
    ]
    assert [answer.status_code for answer in changes] == [421] * len(changes)
    assert [one["filename"] for one in client.get("/api/upload").json] == [image["filename"]]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("host", ["evil.example", "a..b", "a b", "", "[::1", "x" * 300, "localhost:99999"])
def test_health_checks_may_use_any_name(client, path, host):
    assert client.get(path, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["[::1]x", "localhost:0", "localhost:65536", "a:b", "@"])
def test_an_invalid_host_header_is_reported(client, host):
    answer = client.get("/", headers={**FRAGMENT, "Host": host})
    assert_error(answer, 400, "bad_request", "Host header")


def forwarded(host: str) -> dict[str, str]:
    return {"X-Forwarded-Host": host}


@pytest.mark.parametrize(
    ("host", "told", "status"),
    [
        ("localhost", "img.example.org", 200),
        ("127.0.0.1:8000", "img.example.org:8443", 200),
        ("localhost", "evil.example", 421),
        # A page cannot choose its Host, but it can choose any other header.
        ("evil.example", "localhost", 421),
        ("evil.example", "img.example.org", 421),
    ],
)
def test_behind_a_proxy_every_name_counts(make_app, host, told, status):
    client = make_app(TRUSTED_PROXIES=1, **SETTINGS).test_client()
    assert client.get("/api/upload", headers={"Host": host, **forwarded(told)}).status_code == status


def test_without_a_proxy_a_forwarded_name_is_not_looked_at(client):
    assert client.get("/api/upload", headers=forwarded("evil.example")).status_code == 200
    assert (
        client.get("/api/upload", headers={"Host": "evil.example", **forwarded("localhost")}).status_code
        == 421
    )


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://localhost/api/upload", 200),
        ("HTTP://IMG.example.org:8000/api/upload", 200),
        ("http://evil.example/api/upload", 421),
        ("http://localhost@evil.example/api/upload", 421),
        ("http://localhost#@evil.example/api/upload", 200),
        ("//evil.example/api/upload", 200),
        ("/api/upload?http://evil.example/", 200),
    ],
)
def test_a_target_that_names_a_host_counts_too(client, target, status):
    answer = client.get("/api/upload", environ_overrides={"RAW_URI": target})
    assert answer.status_code == status


@pytest.mark.parametrize("origin", ["http://xn--bcher-kva.example", "HTTP://XN--BCHER-KVA.example"])
def test_changes_by_an_international_name_are_allowed(make_app, origin):
    client = make_app(ALLOWED_HOSTS=parse_hosts("Bücher.example")).test_client()
    headers = {"Host": "xn--bcher-kva.example", "Origin": origin}
    image = client.post("/upload", data=as_upload(SMALL), headers=headers).json
    assert image["url"] == f"http://xn--bcher-kva.example/images/{image['filename']}"
    page = {"Host": "xn--bcher-kva.example"}
    for name in ("bücher.example", "xn--bcher-kva.example", "BÜCHER.example"):
        query = {"url": f"http://{name}/view/{image['filename']}"}
        assert client.get("/oembed", query_string=query, headers=page).json["url"] == image["url"]
    answer = client.post(
        "/upload", data=as_upload(SMALL), headers={**headers, "Origin": "http://bcher.example"}
    )
    assert_error(answer, 403, "cross_site")


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("Bücher.example", "xn--bcher-kva.example"),
        # Browsers convert it in this way, unlike Python's own codec.
        ("straße.example", "xn--strae-oqa.example"),
        ("münchen.例え.example", "xn--mnchen-3ya.xn--r8jz45g.example"),
        ("\uff25x\uff21mple.example", "example.example"),
        ("EXAMPLE.org", "example.org"),
    ],
)
def test_names_are_written_as_browsers_send_them(written, sent):
    assert in_ascii(written) == sent


def test_the_names_are_listed_for_the_log():
    told = str(Hosts("https://img.example.org:8443", ("b.example", "a.example")))
    assert told.startswith("a.example, b.example, img.example.org, localhost")
    assert "IP addresses" in told
    assert ".home.arpa" in told
