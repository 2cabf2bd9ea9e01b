"""Failures of renditions are remembered for a day, and new renditions of a client are limited."""

import json
import time
from datetime import UTC, datetime

import pytest

from imagehost import imaging
from imagehost.domain.rendition_sizes import RENDITION_FOLDER
from imagehost.imaging.renderer import PROCESS
from tests import pictures
from tests.applications import change_host, host_of
from tests.conftest import PAGE, SHAPES, assert_error, stored_files, uploaded

PHOTO = pictures.jpg(1300, 867)
IMG = {"Accept": "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"}
RENDITIONS = pytest.mark.parametrize("path", ["/thumbnails/{}.webp", "/previews/720/{}.webp"])


@pytest.fixture
def broken(app, client):
    """Upload a photograph, damage its file, and return the filename."""
    image = uploaded(client, PHOTO, "odd.jpg")
    (file,) = stored_files(app)
    file.write_bytes(PHOTO[:600])
    return image["filename"]


class Refusing(imaging.Renderer):
    """A renderer that refuses each picture with an error."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error
        self.asked = 0

    def render(self, *_: object) -> bytes:
        self.asked += 1
        raise self.error


def jobs(act) -> int:
    """Return the number of processes that are requested during a call."""
    before = PROCESS.jobs
    act()
    return PROCESS.jobs - before


@SHAPES
@RENDITIONS
def test_a_failure_is_repeated_without_a_new_process(client, broken, shape, path):
    first = client.get(path.format(broken), headers=shape)

    def again():
        for _ in range(3):
            answer = client.get(path.format(broken), headers=shape)
            told = assert_error(
                answer, 422, "damaged_image", "odd.jpg is damaged: its pixels cannot be decoded"
            )
            assert told == assert_error(first, 422, "damaged_image")
            assert answer.headers["Cache-Control"] == "no-cache"

    assert jobs(again) == 0


def test_each_rendition_fails_for_itself(client, broken):
    paths = [f"/{folder}/{broken}.webp" for folder in ("thumbnails", "previews/720", "previews/1280")]
    assert jobs(lambda: [client.get(path) for path in paths * 2]) == 3


def test_a_picture_that_is_too_expensive_gets_too_much_work(app, client):
    renderer = Refusing(imaging.RenderingTooCostly())
    change_host(app, renderer=renderer)
    image = uploaded(client, PHOTO, "odd.jpg")
    for _ in range(2):
        answer = client.get(image["thumbnail_url"])
        assert_error(answer, 422, "too_much_work", "odd.jpg takes too much memory or time to decode")
    assert renderer.asked == 1


def test_a_failure_is_forgotten_after_a_day(app, client, broken, monkeypatch):
    path = f"/thumbnails/{broken}.webp"
    client.get(path)
    tomorrow = time.time() + 24 * 60 * 60 + 1
    change_host(app, clock=lambda: datetime.fromtimestamp(tomorrow, UTC))
    assert jobs(lambda: client.get(path)) == 1
    assert jobs(lambda: client.get(path)) == 0


def failure(app):
    (found,) = (path for path in stored_files(app) if path.suffix == ".failed")
    return found


def test_a_failure_of_another_version_does_not_count(app, client, broken):
    path = f"/thumbnails/{broken}.webp"
    client.get(path)
    file = failure(app)
    assert RENDITION_FOLDER in file.parts
    other = file.parents[2] / "version-1" / file.parent.name
    other.mkdir(parents=True)
    file.rename(other / file.name)
    assert jobs(lambda: client.get(path)) == 1


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff", b'{"malformed": true, "time": "x"}'])
def test_a_failure_that_cannot_be_read_does_not_count(app, client, broken, content):
    path = f"/thumbnails/{broken}.webp"
    client.get(path)
    failure(app).write_bytes(content)
    assert jobs(lambda: client.get(path)) == 1
    assert json.loads(failure(app).read_bytes())["malformed"] is True


def test_a_deletion_takes_failures_along(app, client, broken):
    client.get(f"/thumbnails/{broken}.webp")
    client.get(f"/previews/720/{broken}.webp")
    assert len(stored_files(app)) == 3
    assert client.delete(f"/api/upload/{broken}").status_code == 200
    assert stored_files(app) == []


def test_the_failure_of_an_image_that_went_meanwhile_is_not_kept(app, client):
    image = uploaded(client, PHOTO)

    class Deleting(imaging.Renderer):
        def render(self, *_: object) -> bytes:
            assert app.test_client().delete(f"/delete/{image['id']}").status_code == 200
            raise imaging.RenderingTooCostly

    change_host(app, renderer=Deleting())
    client.get(image["thumbnail_url"])
    assert stored_files(app) == []


@RENDITIONS
def test_an_img_shows_the_image_itself(client, broken, path):
    for _ in range(2):
        answer = client.get(path.format(broken), headers=IMG)
        assert answer.status_code == 302
        assert answer.headers["Location"] == f"/images/{broken}"
        assert answer.headers["Cache-Control"] == "public, max-age=3600"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Accept" in answer.vary


@pytest.mark.parametrize("accept", [None, "*/*", PAGE["Accept"], "text/html,image/webp", "image/webp;q=0"])
def test_other_clients_get_the_reason(client, broken, accept):
    headers = {"Accept": accept} if accept else {}
    assert_error(client.get(f"/thumbnails/{broken}.webp", headers=headers), 422, "damaged_image")


def test_an_img_of_nothing_is_not_found(client):
    assert_error(client.get(f"/thumbnails/{'a' * 16}.jpg.webp", headers=IMG), 404, "not_found")


def test_a_server_that_cannot_render_now_answers_503_and_remembers_no_failure(app, client):
    image = uploaded(client, PHOTO)
    renderer = host_of(app).renderer
    change_host(app, renderer=Refusing(imaging.NotNow()))
    answer = client.get(image["thumbnail_url"], headers=IMG)
    change_host(app, renderer=renderer)
    assert_error(answer, 503, "unavailable", "busy making thumbnails")
    assert int(answer.headers["Retry-After"]) > 0
    assert client.get(image["thumbnail_url"]).status_code == 200


LIMIT = {"RENDERING_RATE_LIMIT": "2/minute", "RATE_LIMIT_ENABLED": True}


@pytest.fixture
def images(make_app):
    """Return a client that may request two new renditions in a minute, and three thumbnails to request."""
    client = make_app(**LIMIT).test_client()
    return client, [uploaded(client, pictures.jpg(20 + number, 9))["thumbnail_url"] for number in range(3)]


@SHAPES
def test_the_third_new_rendition_in_a_minute_is_refused(images, shape):
    client, paths = images
    assert [client.get(path).status_code for path in paths[:2]] == [200, 200]
    answer = client.get(paths[2], headers=shape)
    assert_error(answer, 429, "rate_limited")
    assert 0 < int(answer.headers["Retry-After"]) <= 60


def test_renditions_that_are_made_already_do_not_count(images):
    client, paths = images
    for _ in range(5):
        assert client.get(paths[0]).status_code == 200
    assert [client.get(path).status_code for path in paths] == [200, 200, 429]


def test_remembered_failures_do_not_count(images):
    client, paths = images
    renderer = host_of(client.application).renderer
    change_host(client.application, renderer=Refusing(imaging.RenderingTooCostly()))
    assert [client.get(paths[0]).status_code for _ in range(5)] == [422] * 5
    change_host(client.application, renderer=renderer)
    assert [client.get(path).status_code for path in paths] == [422, 200, 429]


def test_renditions_and_uploads_are_counted_apart(make_app):
    client = make_app(**LIMIT, RATE_LIMIT="1/minute").test_client()
    image = uploaded(client, PHOTO)
    paths = [image["thumbnail_url"], f"/previews/720/{image['filename']}.webp"]
    assert [client.get(path).status_code for path in paths] == [200, 200]


def test_no_one_is_limited_where_that_is_switched_off(make_app):
    client = make_app(**{**LIMIT, "RATE_LIMIT_ENABLED": False}).test_client()
    for number in range(3):
        image = uploaded(client, pictures.jpg(20 + number, 9))
        assert client.get(image["thumbnail_url"]).status_code == 200
