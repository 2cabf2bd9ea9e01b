"""Internal errors, in all shapes: the answer has the request id, and only the log has the traceback."""

import re

import pytest

from tests.applications import Failing, change_host, host_of
from tests.conftest import FRAGMENT, JSON, PAGE, SHAPES, as_upload, assert_error, uploaded
from tests.pictures import jpg

SECRET = "what only the log may tell"


@SHAPES
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/images-list"),
        ("GET", "/api/upload"),
        ("POST", "/upload"),
        ("DELETE", "/delete/1"),
        ("GET", "/view/a.jpg"),
    ],
)
def test_an_internal_error_is_reported_by_its_request_id(app, client, shape, method, path):
    change_host(app, database=Failing(RuntimeError(SECRET)))
    data = as_upload(jpg()) if method == "POST" else None
    answer = client.open(path, method=method, headers=shape, data=data)
    request_id = answer.headers["X-Request-ID"]
    message = assert_error(answer, 500, "internal_error", "because of an internal error", request_id)
    assert SECRET not in answer.text
    assert "RuntimeError" not in message
    if answer.is_json:
        assert answer.json["request_id"] == request_id
    log = (host_of(app).settings.log_dir / "app.log").read_text()
    (line,) = [line for line in log.splitlines() if SECRET in line]
    assert f"ERROR {request_id} " in line
    assert "Traceback" in line


@SHAPES
def test_the_next_request_is_served(app, client, shape):
    database = host_of(app).database
    change_host(app, database=Failing(RuntimeError(SECRET)))
    assert client.post("/upload", data=as_upload(jpg()), headers=shape).status_code == 500
    change_host(app, database=database)
    uploaded(client)
    assert client.get("/images-list").json["pagination"]["total_items"] == 1


@pytest.mark.parametrize("headers", [PAGE, FRAGMENT, JSON])
@pytest.mark.parametrize(
    ("path", "status"), [("/images-list", 200), ("/images-list?page=x", 400), ("/nothing", 404)]
)
def test_vary_names_the_headers_that_an_answer_depends_on(client, headers, path, status):
    answer = client.get(path, headers=headers)
    assert answer.status_code == status
    assert {"HX-Request", "HX-History-Restore-Request", "Accept"} <= set(answer.vary)
    assert answer.headers["Cache-Control"] == "no-cache"


def test_an_error_has_four_keys(client):
    answer = client.get("/nothing")
    assert list(answer.json) == ["status", "code", "message", "detail"]
    assert re.fullmatch(r"[A-Z].*\.", answer.json["message"])


def test_the_fragment_of_an_error_is_only_the_alert(client):
    text = client.get("/nothing", headers=FRAGMENT).text
    assert (
        text.strip()
        == '<p class="alert" id="alert">Nothing was found at this address. Check the address.</p>'
    )


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html;q=0"])
@pytest.mark.parametrize("mark", [{"HX-Request": "true"}, {}], ids=["as htmx", "as nobody"])
@pytest.mark.parametrize(("path", "status"), [("/images-list", 200), ("/upload", 200), ("/nothing", 404)])
def test_going_back_restores_a_whole_page(client, accept, mark, path, status):
    headers = {**mark, "HX-History-Restore-Request": "true", "Accept": accept}
    answer = client.get(path, headers=headers)
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert "<!doctype html>" in answer.text
