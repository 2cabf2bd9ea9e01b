"""Changes from pages of other sites are refused, and every answer has the protecting headers."""

import pytest

from imagehost.web.guard import PAGE_POLICY
from tests.conftest import FRAGMENT, JSON, PAGE, SHAPES, SMALL, as_upload, assert_error, uploaded

EVIL = {"Origin": "https://evil.example"}
FORWARDED = {"X-Forwarded-Host": "img.example.org", "X-Forwarded-Proto": "https"}

REFUSED = {
    "cross-site": {"Sec-Fetch-Site": "cross-site"},
    "same-site": {"Sec-Fetch-Site": "same-site"},
    "same-site in spite of the origin": {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"},
    "another host": EVIL,
    "no origin at all": {"Origin": "null"},
    "another scheme": {"Origin": "https://localhost"},
    "another port": {"Origin": "http://localhost:8001"},
    "a host that begins alike": {"Origin": "http://localhost.evil.example"},
    "a forwarded host without a proxy": {**FORWARDED, "Origin": "https://img.example.org"},
}
ALLOWED = {
    "a program": {},
    "same-origin": {"Sec-Fetch-Site": "same-origin"},
    "the address bar": {"Sec-Fetch-Site": "none"},
    "own host": {"Origin": "http://localhost"},
    "own host in capitals": {"Origin": "http://LOCALHOST"},
}
CHANGES = pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/upload"),
        ("POST", "/api/upload"),
        ("POST", "/delete/1"),
        ("DELETE", "/delete/1"),
        ("DELETE", "/api/upload/a.jpg"),
    ],
)


@SHAPES
@pytest.mark.parametrize("headers", REFUSED.values(), ids=REFUSED)
def test_a_change_that_another_site_asks_for_is_refused(client, shape, headers):
    answer = client.post("/upload", data=as_upload(SMALL), headers={**shape, **headers})
    assert_error(answer, 403, "cross_site", "another site")
    assert client.get("/api/upload").json == []


@CHANGES
def test_every_change_is_guarded(client, method, path):
    assert_error(client.open(path, method=method, headers=EVIL), 403, "cross_site")


@pytest.mark.parametrize("headers", ALLOWED.values(), ids=ALLOWED)
def test_a_change_from_here_is_allowed(client, headers):
    assert client.post("/upload", data=as_upload(SMALL), headers=headers).status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/upload", "/images-list", "/api/upload"])
def test_reading_is_never_refused(client, method, path):
    answer = client.open(path, method=method, headers={**EVIL, "Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200


def test_other_sites_may_show_an_image(client):
    image = uploaded(client)
    assert client.get(image["url"], headers={**EVIL, "Sec-Fetch-Site": "cross-site"}).data == SMALL


@pytest.mark.parametrize(
    ("origin", "status"),
    [("https://img.example.org", 200), ("http://img.example.org", 403), ("http://localhost", 403)],
)
def test_behind_a_proxy_the_forwarded_host_counts(make_app, origin, status):
    client = make_app(TRUSTED_PROXIES=1, ALLOWED_HOSTS=("img.example.org",)).test_client()
    answer = client.post("/upload", data=as_upload(SMALL), headers={**FORWARDED, "Origin": origin})
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("origin", "status"), [("https://img.example.org", 200), ("https://evil.example", 403)]
)
def test_the_public_url_is_own_too(make_app, origin, status):
    client = make_app(PUBLIC_URL="https://img.example.org").test_client()
    answer = client.post("/upload", data=as_upload(SMALL), headers={"Origin": origin})
    assert answer.status_code == status


HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@pytest.mark.parametrize("headers", [PAGE, FRAGMENT, JSON], ids=["page", "fragment", "json"])
@pytest.mark.parametrize(
    "path",
    ["/", "/upload", "/images-list", "/api/upload", "/healthz", "/readyz", "/nothing", "/static/app.css"],
)
def test_every_answer_protects_its_reader(client, headers, path):
    answer = client.get(path, headers=headers)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert answer.headers["X-Request-ID"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_image_runs_nothing_and_may_be_embedded(client, method):
    answer = client.open(uploaded(client)["url"], method=method)
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_policy_of_pages_is_the_strict_one(client):
    policy = client.get("/").headers["Content-Security-Policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"
    assert (
        rules["script-src"] == rules["style-src"] == rules["form-action"] == rules["connect-src"] == "'self'"
    )


@SHAPES
@pytest.mark.parametrize("host", ["a b", "<script>", "x/y", "[::1", " "])
def test_an_invalid_host_header_is_refused(client, shape, host):
    answer = client.get("/images-list", headers={**shape, "Host": host})
    assert_error(answer, 400, "bad_request", "Host header")
