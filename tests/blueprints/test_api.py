"""The JSON interface as scripts use it: every address with and without its last slash."""

import pytest

from tests.conftest import PAGE, SHAPES, SMALL, as_upload, assert_error, uploaded

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
def test_another_method_is_told_which_are_allowed(client, shape, method, path, allowed):
    answer = client.open(path, method=method, headers=shape)
    assert_error(answer, 405, "method_not_allowed", "does not take that method")
    assert set(answer.allow) == {name.lower() for name in allowed} or set(answer.allow) == allowed


@SHAPES
@pytest.mark.parametrize(
    "path", ["/nothing", "/images", "/images/", "/api", "/view/", "/images/../wsgi.py", "/%00"]
)
def test_nothing_is_at_other_addresses(client, shape, path):
    assert_error(client.get(path, headers=shape), 404, "not_found", "nothing at this address")
