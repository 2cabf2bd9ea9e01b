"""The JSON interface for scripts: every address, with and without a slash at the end."""

import pytest

from tests.applications import Failing, change_host
from tests.conftest import FRAGMENT, PAGE, SHAPES, SMALL, as_upload, assert_error, uploaded
from tests.forms import Untouchable, declared

BOTH = pytest.mark.parametrize("path", ["/api/upload", "/api/upload/"])


@BOTH
def test_no_address_is_a_redirect(client, path):
    created = client.post(path, data=as_upload(SMALL))
    assert created.status_code == 200
    listed = client.get(path)
    assert (listed.status_code, listed.mimetype) == (200, "application/json")
    assert [entry["filename"] for entry in listed.json] == [created.json["filename"]]


@BOTH
def test_the_list_is_json_also_for_browsers(client, path):
    uploaded(client)
    answer = client.get(path, headers=PAGE)
    assert [set(entry) for entry in answer.json] == [
        {"filename", "url", "created_at", "size", "original_name"}
    ]


ASKED = {
    "a page": PAGE,
    "a fragment": FRAGMENT,
    "a page again": {"HX-History-Restore-Request": "true", "Accept": "text/html"},
    "a picture": {"Accept": "image/avif,image/webp,*/*;q=0.8"},
    "nothing that we have": {"Accept": "application/xml"},
}


@pytest.mark.parametrize("headers", ASKED.values(), ids=ASKED)
def test_every_answer_is_json_for_any_accept_header(client, headers):
    answers = {
        200: client.post("/api/upload", data=as_upload(SMALL), headers=headers),
        400: client.post("/api/upload", headers=headers),
        403: client.post("/api/upload", headers={**headers, "Origin": "http://evil.example"}),
        404: client.get("/api/nothing/here", headers=headers),
        405: client.put("/api/upload", headers=headers),
        413: client.post("/api/upload", headers=headers, **declared(2**40, Untouchable())),
        415: client.post("/api/upload/", data=as_upload(b"text"), headers=headers),
    }
    assert {status: answer.status_code for status, answer in answers.items()} == {
        each: each for each in answers
    }
    for status, answer in answers.items():
        assert answer.mimetype == "application/json"
        assert answer.json["status"] == ("success" if status == 200 else "error")
    deleted = client.delete(f"/api/upload/{answers[200].json['filename']}", headers=headers)
    assert deleted.json["status"] == "success"


@pytest.mark.parametrize("headers", ASKED.values(), ids=ASKED)
def test_a_refusal_by_rate_and_a_fault_are_json_too(make_app, headers):
    app = make_app(RATE_LIMIT_ENABLED=True, RATE_LIMIT="1/day")
    client = app.test_client()
    change_host(app, database=Failing(RuntimeError()))
    codes = [client.post("/api/upload", data=as_upload(SMALL), headers=headers) for _ in range(2)]
    assert [answer.json["code"] for answer in codes] == ["internal_error", "rate_limited"]
    assert "Retry-After" in codes[1].headers


@BOTH
def test_the_list_has_a_head_without_a_body(client, path):
    uploaded(client)
    answer = client.head(path)
    assert (answer.status_code, answer.data) == (200, b"")


def test_the_list_is_newest_first(client):
    names = [uploaded(client)["filename"] for _ in range(3)]
    assert [entry["filename"] for entry in client.get("/api/upload").json] == names[::-1]


@SHAPES
@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/upload", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("DELETE", "/api/upload/", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("GET", "/api/upload/a.jpg", {"DELETE", "OPTIONS"}),
        ("POST", "/images-list", {"GET", "HEAD", "OPTIONS"}),
        ("GET", "/delete/1", {"DELETE", "OPTIONS", "POST"}),
        ("PATCH", "/upload", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("POST", "/", {"GET", "HEAD", "OPTIONS"}),
        ("DELETE", "/images/a.jpg", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_a_wrong_method_gets_the_allowed_ones(client, shape, method, path, allowed):
    answer = client.open(path, method=method, headers=shape)
    assert_error(answer, 405, "method_not_allowed", "does not support this HTTP method")
    assert set(answer.allow) == {name.lower() for name in allowed} or set(answer.allow) == allowed


@SHAPES
@pytest.mark.parametrize(
    "path", ["/nothing", "/images", "/images/", "/api", "/view/", "/images/../wsgi.py", "/%00"]
)
def test_nothing_is_at_other_addresses(client, shape, path):
    assert_error(client.get(path, headers=shape), 404, "not_found", "Nothing was found at this address")
