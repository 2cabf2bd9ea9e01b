"""Lists in parts, lists that the client already has, and unknown parameters."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from werkzeug.datastructures import MultiDict

from imagehost.db import counts
from imagehost.domain.policy import ANYBODY
from imagehost.services import image_rows, images, lists
from imagehost.web import parameters
from tests.conftest import (
    FRAGMENT,
    ON_BOTH_DATABASES,
    ON_POSTGRESQL,
    ON_SQLITE,
    PAGE,
    SHAPES,
    SMALL,
    as_upload,
    assert_error,
    uploaded,
)
from tests.rows import add_rows, total

pytestmark = ON_BOTH_DATABASES

NOON = datetime(2025, 1, 24, 12, tzinfo=UTC)
# Some images have the same time, and some parts end between such images.
MOMENTS = [NOON + timedelta(seconds=number // 3) for number in range(10)]


def parts(client, first: str) -> list[list[str]]:
    """Return the names in each part of the array, following its Link header."""
    found, address = [], first
    while address:
        answer = client.get(address)
        assert answer.status_code == 200, answer.text
        found.append([entry["filename"] for entry in answer.json])
        link = answer.headers.get("Link")
        address = re.fullmatch('<http://localhost(/api/upload[^>]*)>; rel="next"', link)[1] if link else None
    return found


@pytest.mark.parametrize("limit", [1, 3, 4, 9, 10, 11, 100])
@pytest.mark.parametrize("path", ["/api/upload", "/api/upload/"])
def test_the_parts_are_the_array(app, client, limit, path):
    add_rows(app, MOMENTS)
    whole = [entry["filename"] for entry in client.get(path).json]
    found = parts(client, f"{path}?limit={limit}")
    assert [name for part in found for name in part] == whole
    assert [len(part) for part in found[:-1]] == [limit] * (len(found) - 1)
    assert found[-1]


def test_no_part_is_lost_while_images_come_and_go(host, app, client):
    ids = add_rows(app, MOMENTS)
    first = client.get("/api/upload?limit=4")
    uploaded(client)
    images.delete_image(host, ANYBODY, ids[-4])
    rest = parts(client, first.headers["Link"].partition(">")[0].removeprefix("<http://localhost"))
    assert [name for part in rest for name in part] == [f"{number:016}.jpg" for number in range(6, 0, -1)]


def test_the_rest_of_the_array_comes_after_a_place(app, client, monkeypatch):
    monkeypatch.setattr(lists, "LISTED_AT_ONCE", 2)
    add_rows(app, MOMENTS)
    place = re.search("after=([^&>]+)", client.get("/api/upload?limit=3").headers["Link"])[1]
    names = [entry["filename"] for entry in client.get(f"/api/upload?after={place}").json]
    assert names == [f"{number:016}.jpg" for number in range(7, 0, -1)]


def test_an_empty_host_has_one_empty_part(client):
    answer = client.get("/api/upload?limit=1")
    assert (answer.json, answer.headers.get("Link")) == ([], None)


PLACES = [
    (datetime(1, 1, 1, tzinfo=UTC), 0),
    (datetime(1969, 12, 31, 23, 59, 59, 999999, UTC), 1),
    (datetime(9999, 12, 31, 23, 59, 59, 999999, UTC), 2**31 - 1),
]


@pytest.mark.parametrize("place", PLACES)
def test_any_place_can_be_asked_for(app, client, place):
    add_rows(app, MOMENTS[:1])
    given = MultiDict({"after": parameters.write_cursor(place)})
    assert parameters.read_cursor(given, "after") == place
    answer = client.get("/api/upload", query_string=given)
    assert len(answer.json) == (place[0].year == 9999)


NO_PLACES = [
    "",
    "x",
    "AAAA",
    "A" * 15,
    "A" * 17,
    "f" + "_" * 15,
    "8" * 16,
    "é" * 16,
    "A" * 15 + "\n",
    "%00",
    "A" * 4000,
]


@SHAPES
@pytest.mark.parametrize("after", NO_PLACES)
def test_an_invalid_place_is_refused(client, shape, after):
    answer = client.get("/api/upload", query_string={"after": after}, headers=shape)
    assert_error(answer, 400, "bad_request", "not a position in this list")


@pytest.mark.parametrize("value", ["0", "101", "-1", "1.5", "", " 1", "1e1", "²", "\uff11", "1" * 5000])
@pytest.mark.parametrize(("path", "name"), [("/api/upload", "limit"), ("/images-list", "per_page")])
def test_a_part_has_one_to_a_hundred(client, path, name, value):
    answer = client.get(path, query_string={name: value})
    assert_error(answer, 400, "bad_request", f"{name} is", "a whole number from 1 to 100")


@pytest.mark.parametrize("per_page", [1, 3, 7, 10, 25, 100])
def test_a_program_chooses_how_long_pages_are(app, client, per_page):
    add_rows(app, [NOON - timedelta(days=number // 9) for number in range(25)])
    pages = -(-25 // per_page)
    names = []
    for number in range(1, pages + 2):
        page = client.get(f"/images-list?per_page={per_page}&page={number}").json
        assert page["pagination"] == {"total_pages": pages, "total_items": 25, "per_page": per_page}
        assert len(page["data"]) == min(per_page, max(0, 25 - (number - 1) * per_page))
        names += [entry["filename"] for entry in page["data"]]
    assert names == [entry["filename"] for entry in client.get("/api/upload").json]


@pytest.mark.parametrize("shape", [PAGE, FRAGMENT], ids=["page", "fragment"])
def test_a_html_page_always_has_ten_images(app, client, shape):
    add_rows(app, MOMENTS * 2)
    answer = client.get("/images-list?per_page=3&utm_source=x&page=2&page=1", headers=shape)
    assert answer.status_code == 200
    assert answer.text.count('<tr id="image-') == 10
    assert "utm_source" not in answer.text
    assert answer.data == client.get("/images-list?page=2", headers=shape).data


UNKNOWN = {
    "a list": ("GET", "/images-list", "page, per_page"),
    "the array": ("GET", "/api/upload", "limit, after"),
    "the array, with a slash": ("GET", "/api/upload/", "limit, after"),
    "an upload": ("POST", "/api/upload", "does not support parameters"),
    "an upload, with a slash": ("POST", "/api/upload/", "does not support parameters"),
    "a deletion": ("DELETE", "/api/upload/a.jpg", "does not support parameters"),
}


@pytest.mark.parametrize(("method", "path", "words"), UNKNOWN.values(), ids=UNKNOWN)
@pytest.mark.parametrize("name", ["pgae", "", "Page", "a\u202eb", "<b>", "n" * 3000])
def test_an_unknown_parameter_is_refused_by_its_name(client, method, path, words, name):
    answer = client.open(path, method=method, query_string={name: "1"})
    message = assert_error(answer, 400, "bad_request", "This address does not support", words)
    assert repr(name[:40]) in message


@ON_SQLITE
def test_a_refused_parameter_changes_nothing(client):
    image = uploaded(client)
    assert client.delete(f"/api/upload/{image['filename']}?trash=true").status_code == 400
    assert client.post("/api/upload?x=1", data=as_upload(SMALL)).status_code == 400
    assert [entry["filename"] for entry in client.get("/api/upload").json] == [image["filename"]]


@pytest.mark.parametrize("query", ["page=1&page=1", "per_page=1&per_page=2"])
def test_a_repeated_parameter_is_refused(client, query):
    answer = client.get(f"/images-list?{query}")
    assert_error(answer, 400, "bad_request", "'per_page'" if "per" in query else "'page'", "more than once")


@pytest.mark.parametrize(
    "path", ["/api/upload", "/api/upload/", "/api/upload?limit=2", "/images-list?per_page=2"]
)
def test_a_client_that_has_the_list_gets_304_until_it_changes(app, client, path):
    """After an upload, a deletion, and both together, which leave the number of images the same."""
    image = uploaded(client)
    seen = set()
    for act in (
        lambda: None,
        lambda: uploaded(client),
        lambda: client.delete(f"/delete/{image['id']}"),
        lambda: (uploaded(client), client.delete(f"/delete/{image['id'] + 1}")),
    ):
        act()
        answer = client.get(path)
        tag = answer.headers["ETag"]
        assert tag.startswith('W/"')
        assert tag not in seen
        seen.add(tag)
        known = client.get(path, headers={"If-None-Match": tag})
        assert (known.status_code, known.data, known.headers["ETag"]) == (304, b"", tag)
        assert known.vary.to_header() == answer.vary.to_header()
        assert client.head(path, headers={"If-None-Match": tag}).status_code == 304


def test_parts_and_hosts_have_tags_of_their_own(app, client):
    add_rows(app, MOMENTS)
    place = re.search("after=([^&>]+)", client.get("/api/upload?limit=3").headers["Link"])[1]
    addresses = ["", "?limit=3", "?limit=4", f"?limit=3&after={place}", f"?after={place}"]
    tags = [client.get(f"/api/upload{address}").headers["ETag"] for address in addresses]
    tags.append(client.get("/api/upload", base_url="http://elsewhere.local").headers["ETag"])
    assert len(set(tags)) == len(tags)


def test_a_list_that_is_known_is_not_read(host, app, client):
    add_rows(app, MOMENTS)
    known = {"If-None-Match": client.get("/api/upload").headers["ETag"]}
    asked = []
    sa.event.listen(
        host.database.engine, "before_cursor_execute", lambda *arguments: asked.append(arguments[2])
    )
    assert client.get("/api/upload", headers=known).status_code == 304
    assert len([text for text in asked if not text.startswith("BEGIN")]) == 1
    assert "original_name" not in str(asked)


@ON_POSTGRESQL
def test_an_upload_that_commits_late_changes_the_fingerprint(host, app, client):
    """A later id is committed already, and an image is deleted, so the count is the same as before."""
    ids = add_rows(app, MOMENTS)
    with host.database.engine.connect() as late:
        row = {
            "filename": "late.jpg",
            "original_name": "late.jpg",
            "size": 1,
            "upload_time": NOON,
            "file_type": "jpg",
            "width": 1,
            "height": 1,
            "sha256": "0" * 64,
            "orientation": 1,
        }
        image_rows.insert(late, row)
        uploaded(client)
        before = lists.list_fingerprint(host)
        counts.count_upload(late, NOON.date())
        late.commit()
    images.delete_image(host, ANYBODY, ids[0])
    assert total(host) == len(ids) + 1
    assert lists.list_fingerprint(host) != before
    changed = lists.list_fingerprint(host)
    counts.fold_past_days(host.database, host.clock().date())
    assert lists.list_fingerprint(host) == changed, "a merge of counts is no change of the list"


def test_the_fingerprint_is_found_by_counts_and_an_index(host, app):
    add_rows(app, MOMENTS)
    plan = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN "}[host.database.engine.dialect.name]
    text = str(lists.FINGERPRINT.compile(host.database.engine, compile_kwargs={"literal_binds": True}))
    with host.database.engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
        if plan == "EXPLAIN ":
            connection.exec_driver_sql("SET enable_seqscan = off")
        found = "\n".join(str(row[-1]) for row in connection.exec_driver_sql(plan + text))
    assert re.search(r"SEARCH images|Index Only Scan Backward using pk_images", found), found
