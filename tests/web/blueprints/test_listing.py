"""GET /images-list and GET /api/upload: the order, the pages, and invalid page numbers."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from imagehost.db import counts
from imagehost.services import lists
from tests.conftest import FRAGMENT, ON_BOTH_DATABASES, ON_SQLITE, PAGE, SHAPES, assert_error, uploaded
from tests.rows import add_rows, execute
from tests.sentences import GERMAN

pytestmark = ON_BOTH_DATABASES

KEYS = {
    "id": int,
    "filename": str,
    "original_name": str,
    "size": int,
    "size_kb": int,
    "width": int,
    "height": int,
    "upload_time": str,
    "file_type": str,
    "url": str,
    "thumbnail_url": str,
}
NOON = datetime(2025, 1, 24, 12, tzinfo=UTC)


def test_an_empty_host_has_one_page(client):
    assert client.get("/images-list").json == {
        "status": "success",
        "page": 1,
        "pagination": {"total_pages": 1, "total_items": 0, "per_page": 10},
        "data": [],
    }
    assert client.get("/api/upload").json == client.get("/api/upload/").json == []
    for shape in (PAGE, FRAGMENT):
        assert "No images yet" in client.get("/images-list", headers=shape).text


def test_an_entry_has_the_facts_of_the_upload(client):
    image = uploaded(client)
    (entry,) = client.get("/images-list").json["data"]
    assert {key: type(value) for key, value in entry.items()} == KEYS
    relative = {
        "url": f"/images/{image['filename']}",
        "thumbnail_url": f"/thumbnails/{image['filename']}.webp",
    }
    assert entry == {key: image[key] for key in KEYS} | relative
    (entry,) = client.get("/api/upload").json
    assert entry == {
        "filename": image["filename"],
        "url": f"/images/{image['filename']}",
        "created_at": image["upload_time"],
        "size": image["size"],
        "original_name": "photo.jpg",
    }


def test_pages_of_ten_are_newest_first(app, client):
    add_rows(app, [NOON + timedelta(minutes=minute) for minute in range(25)])
    pages = [client.get(f"/images-list?page={number}").json for number in (1, 2, 3, 4)]
    assert [len(page["data"]) for page in pages] == [10, 10, 5, 0]
    assert [page["page"] for page in pages] == [1, 2, 3, 4]
    for page in pages:
        assert page["pagination"] == {"total_pages": 3, "total_items": 25, "per_page": 10}
    listed = [entry["id"] for page in pages for entry in page["data"]]
    assert listed == list(range(25, 0, -1))
    assert [entry["filename"] for page in pages for entry in page["data"]] == [
        entry["filename"] for entry in client.get("/api/upload").json
    ]
    assert client.get("/images-list").json == pages[0]


@pytest.mark.parametrize("shape", [PAGE, FRAGMENT], ids=["page", "fragment"])
def test_the_number_of_images_is_grouped(host, app, client, shape):
    add_rows(app, [NOON])
    assert ">1 image<" in client.get("/images-list", headers=shape).text
    execute(host, counts.ADD, {"day": NOON.date(), "shard": 0, "change": 5311})
    assert ">5,312 images<" in client.get("/images-list", headers=shape).text
    assert ">5.312 Bilder<" in client.get("/images-list", headers={**shape, **GERMAN}).text


@pytest.mark.parametrize("shape", [PAGE, FRAGMENT], ids=["page", "fragment"])
def test_with_few_pages_each_page_links_to_all_others(app, client, shape):
    add_rows(app, [NOON] * 25)
    links = {
        number: set(
            re.findall(
                r'href="/images-list\?page=(\d+)"',
                client.get(f"/images-list?page={number}", headers=shape).text,
            )
        )
        for number in (1, 2, 3, 9)
    }
    assert links == {1: {"2", "3"}, 2: {"1", "3"}, 3: {"1", "2"}, 9: {"1", "2", "3"}}


@SHAPES
@pytest.mark.parametrize(
    "page", ["0", "-1", "1.5", "abc", "", "\uff11", "1e3", " 1", "+1", "0x1", "²", "00", "1" * 5000]
)
def test_an_invalid_page_number_is_refused(client, shape, page):
    answer = client.get("/images-list", query_string={"page": page}, headers=shape)
    assert_error(answer, 400, "bad_request", "a page number must be a whole number of at least 1")


@SHAPES
@pytest.mark.parametrize("page", ["2", "999999999", str(2**63), str(10**30), "1" * 3000], ids=len)
def test_a_page_past_the_last_is_empty(client, shape, page):
    uploaded(client)
    answer = client.get(f"/images-list?page={page}", headers=shape)
    assert answer.status_code == 200
    if answer.is_json:
        assert (answer.json["data"], answer.json["pagination"]["total_items"]) == ([], 1)
        assert answer.json["page"] == int(page)
    else:
        assert f"There are no images on page {page}." in answer.text


SENT = {
    "curl": ({"Accept": "*/*"}, "application/json"),
    "nothing": ({}, "application/json"),
    "fetch": ({"Accept": "application/json"}, "application/json"),
    "any text": ({"Accept": "text/*"}, "application/json"),
    "anything but a page": ({"Accept": "text/html;q=0, */*"}, "application/json"),
    "a browser": (PAGE, "text/html"),
    "with a charset": ({"Accept": "text/html; charset=utf-8"}, "text/html"),
    "in capitals": ({"Accept": "TEXT/HTML"}, "text/html"),
    "a page as the last choice": ({"Accept": "application/json, text/html;q=0.1"}, "text/html"),
    "htmx that is none": ({"HX-Request": "false"}, "application/json"),
}


@ON_SQLITE
@pytest.mark.parametrize(("headers", "mime_type"), SENT.values(), ids=SENT)
def test_a_page_is_sent_only_to_clients_that_accept_html_by_name(client, headers, mime_type):
    answer = client.get("/images-list", headers=headers)
    assert answer.mimetype == mime_type
    assert {"HX-Request", "Accept"} <= set(answer.vary)
    if mime_type == "text/html":
        assert answer.text.startswith("<!doctype html>")


@ON_SQLITE
def test_htmx_gets_a_fragment_but_for_a_history_restore(client):
    assert client.get("/images-list", headers=FRAGMENT).text.startswith("<section")
    restored = client.get("/images-list", headers={**FRAGMENT, **PAGE, "HX-History-Restore-Request": "true"})
    assert restored.text.startswith("<!doctype html>")


@pytest.mark.parametrize("batch", [1, 3, 10, 11])
def test_the_whole_list_comes_in_batches(app, client, monkeypatch, batch):
    monkeypatch.setattr(lists, "LISTED_AT_ONCE", batch)
    add_rows(app, [NOON + timedelta(hours=hour // 3) for hour in range(10)])
    names = [entry["filename"] for entry in client.get("/api/upload").json]
    assert names == [f"{number:016}.jpg" for number in range(10, 0, -1)]


def test_the_whole_list_is_read_while_it_is_sent(host, app, client, monkeypatch):
    monkeypatch.setattr(lists, "LISTED_AT_ONCE", 3)
    add_rows(app, [NOON] * 10)
    reads = []
    engine = host.database.engine
    sa.event.listen(engine, "before_cursor_execute", lambda *arguments: reads.append(arguments[2]))
    answer = client.get("/api/upload", buffered=False)
    pieces = answer.iter_encoded()
    for number, size in enumerate([3, 3, 3, 1], start=1):
        assert next(pieces).count(b"filename") == size
        assert sum("original_name" in read for read in reads) == number, "a batch is read too early"
        assert engine.pool.checkedout() == 0, "a slow reader keeps a connection"
    assert list(pieces) == [b"]\n"]
    answer.close()


@ON_SQLITE
@pytest.mark.parametrize("path", ["/images-list", "/api/upload"])
@SHAPES
def test_a_lost_database_is_reported_before_the_first_byte(make_app, shape, path):
    client = make_app(DATABASE_URL="postgresql://nobody@127.0.0.1:1/none").test_client()
    answer = client.get(path, headers=shape)
    assert_error(answer, 503, "unavailable", "The database does not answer")
    assert int(answer.headers["Retry-After"]) > 0


@SHAPES
def test_a_client_that_has_the_list_gets_304(client, shape):
    uploaded(client)
    first = client.get("/images-list", headers=shape)
    assert first.headers["ETag"].startswith("W/")
    known = {**shape, "If-None-Match": first.headers["ETag"]}
    again = client.get("/images-list", headers=known)
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert {"HX-Request", "Accept", "Accept-Language"} <= set(again.vary)
    image = uploaded(client)
    assert client.get("/images-list", headers=known).status_code == 200
    client.delete(f"/delete/{image['id']}")
    assert client.get("/images-list", headers=known).status_code == 304


OTHERWISE = {
    "another page": {"query_string": {"page": 2}},
    "another host": {"base_url": "http://elsewhere.local"},
    "another language": {"headers": {**FRAGMENT, "Accept-Language": "de"}},
    "another shape": {"headers": PAGE},
}


@ON_SQLITE
@pytest.mark.parametrize("request_", OTHERWISE.values(), ids=OTHERWISE)
def test_the_etag_of_one_list_does_not_match_another_list(client, request_):
    uploaded(client)
    known = {"If-None-Match": client.get("/images-list", headers=FRAGMENT).headers["ETag"]}
    headers = {**request_.get("headers", FRAGMENT), **known}
    assert client.get("/images-list", **{**request_, "headers": headers}).status_code == 200


@ON_SQLITE
def test_a_page_contains_the_etag_of_its_fragment(client):
    uploaded(client)
    tag = client.get("/images-list", headers=FRAGMENT).headers["ETag"]
    for shape in (PAGE, FRAGMENT):
        text = html.unescape(client.get("/images-list", headers=shape).text)
        assert f'data-etag="{tag}"' in text


@pytest.mark.parametrize(
    ("number", "pages", "offered"),
    [
        (1, 1, [1]),
        (1, 2, [1, 2]),
        (1, 3, [1, 2, 3]),
        (1, 4, [1, 2, 3, 4]),
        (1, 5, [1, 2, None, 5]),
        (3, 5, [1, 2, 3, 4, 5]),
        (4, 7, [1, 2, 3, 4, 5, 6, 7]),
        (5, 9, [1, None, 4, 5, 6, None, 9]),
        (9, 9, [1, None, 8, 9]),
        (10**30, 9, [1, None, 8, 9]),
    ],
)
def test_a_page_offers_links_to_the_nearest_pages_and_both_ends(number, pages, offered):
    assert lists.Page(number, [], pages * 10).offered == offered


@pytest.mark.parametrize("number", range(6))
def test_the_array_is_complete_if_it_is_read_in_batches(app, client, monkeypatch, number):
    monkeypatch.setattr(lists, "LISTED_AT_ONCE", 2)
    ids = add_rows(app, [NOON + timedelta(seconds=second) for second in range(number)])
    entries = client.get("/api/upload").json
    assert [entry["filename"] for entry in entries] == [f"{image_id:016}.jpg" for image_id in ids[::-1]]


@ON_SQLITE
def test_addresses_begin_where_the_host_does(client):
    name = uploaded(client)["filename"]
    for prefix in ("", "/pictures", ""):
        (entry,) = client.get("/images-list", base_url=f"http://localhost{prefix}").json["data"]
        assert entry["url"] == f"{prefix}/images/{name}"
        assert entry["thumbnail_url"] == f"{prefix}/thumbnails/{name}.webp"
        (entry,) = client.get("/api/upload", base_url=f"http://localhost{prefix}").json
        assert entry["url"] == f"{prefix}/images/{name}"


@pytest.mark.parametrize("microsecond", [0, 1, 999999])
def test_times_are_cut_to_seconds(app, client, microsecond):
    add_rows(app, [NOON.replace(microsecond=microsecond)])
    assert client.get("/api/upload").json[0]["created_at"] == "2025-01-24T12:00:00Z"
