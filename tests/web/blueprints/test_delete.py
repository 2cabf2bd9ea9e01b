"""DELETE and POST /delete/<id>, and DELETE /api/upload/<filename>, remove row and file at once."""

import pytest

from tests.applications import host_of
from tests.conftest import FRAGMENT, ON_BOTH_DATABASES, PAGE, SHAPES, assert_error, stored_files, uploaded

pytestmark = ON_BOTH_DATABASES

DELETED = {"status": "success", "message": "Image deleted successfully."}


def by_id(image):
    return "DELETE", f"/delete/{image['id']}"


def by_form(image):
    return "POST", f"/delete/{image['id']}"


def by_filename(image):
    return "DELETE", f"/api/upload/{image['filename']}"


WAYS = pytest.mark.parametrize("way", [by_id, by_form, by_filename])


@WAYS
def test_a_deletion_takes_row_bytes_and_renditions(app, client, way):
    kept, gone = uploaded(client), uploaded(client)
    for image in (kept, gone):
        assert client.get(image["thumbnail_url"]).status_code == 200
    method, path = way(gone)
    answer = client.open(path, method=method)
    assert (answer.status_code, answer.json) == (200, DELETED)
    assert {file.name.removesuffix(".webp") for file in stored_files(app)} == {kept["filename"]}
    assert [entry["id"] for entry in client.get("/images-list").json["data"]] == [kept["id"]]
    assert client.get("/images-list").json["pagination"]["total_items"] == 1
    for url in (gone["url"], gone["thumbnail_url"], gone["view_url"]):
        assert_error(client.get(url), 404, "not_found", "no such image")


@WAYS
@SHAPES
def test_the_second_deletion_finds_nothing(client, shape, way):
    method, path = way(uploaded(client))
    assert client.open(path, method=method).status_code == 200
    assert_error(client.open(path, method=method, headers=shape), 404, "not_found", "may have been deleted")


@SHAPES
@pytest.mark.parametrize(
    "image_id", ["1", "0", "-1", "2147483647", "2147483648", "9" * 30, "abc", "1.5", "\uff11"]
)
@pytest.mark.parametrize("method", ["DELETE", "POST"])
def test_a_missing_image_cannot_be_deleted(client, shape, method, image_id):
    assert_error(client.open(f"/delete/{image_id}", method=method, headers=shape), 404, "not_found")


@SHAPES
@pytest.mark.parametrize("name", ["aaaa.jpg", "a.b.jpg", "AAAA.JPG", "%2e%2e", "..%2fsecret_key", "a%00.jpg"])
def test_no_other_name_reaches_a_file(client, shape, name):
    assert client.delete(f"/api/upload/{name}", headers=shape).status_code in {404, 405}


@pytest.mark.parametrize("method", ["DELETE", "POST"])
def test_a_page_is_sent_on_to_the_list(client, method):
    image = uploaded(client)
    answer = client.open(f"/delete/{image['id']}", method=method, headers=PAGE)
    assert (answer.status_code, answer.location) == (303, "/images-list")
    assert {"HX-Request", "Accept"} <= set(answer.vary)
    assert "No images yet" in client.get(answer.location, headers=PAGE).text


@pytest.mark.parametrize("method", ["DELETE", "POST"])
def test_a_fragment_says_that_it_is_done(client, method):
    image = uploaded(client)
    answer = client.open(f"/delete/{image['id']}", method=method, headers=FRAGMENT)
    assert answer.status_code == 200
    assert answer.headers["HX-Trigger"] == "image-deleted"
    assert "Image deleted." in answer.text


def test_an_id_is_never_given_twice(client):
    first = uploaded(client)
    client.delete(f"/delete/{first['id']}")
    assert uploaded(client)["id"] > first["id"]


def test_the_api_answers_json_also_to_browsers(client):
    for shape in (PAGE, FRAGMENT):
        answer = client.delete(f"/api/upload/{uploaded(client)['filename']}", headers=shape)
        assert (answer.status_code, answer.json) == (200, DELETED)


@SHAPES
def test_nothing_is_deleted_while_its_bytes_cannot_be(app, client, shape, tmp_path):
    image = uploaded(client)
    folder = host_of(app).settings.images_dir
    away = folder.rename(tmp_path / "unmounted")
    assert_error(client.delete(f"/delete/{image['id']}", headers=shape), 503, "unavailable", "The storage")
    assert_error(client.get(image["url"], headers=shape), 503, "unavailable", "The storage")
    away.rename(folder)
    assert client.get(image["url"]).status_code == 200
    assert client.delete(f"/delete/{image['id']}").status_code == 200
    assert stored_files(app) == []
