"""Threads of one process that act at the same time, also at times that a test forces, on both databases."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import cycle

import pytest
import sqlalchemy as sa

from imagehost import imaging
from imagehost.db import counts, engines
from tests import pictures
from tests.applications import change_host, host_of
from tests.conftest import ON_BOTH_DATABASES, ON_POSTGRESQL, SHAPES, as_upload, assert_error, stored_files
from tests.system import truth

pytestmark = ON_BOTH_DATABASES

PNG = pictures.png(8, 8)
MIDNIGHT = datetime(2024, 2, 29, tzinfo=UTC)
RENDITIONS = pytest.mark.parametrize("path", ["/thumbnails/{}.webp", "/previews/720/{}.webp"])


class Clock:
    """A clock that returns given times one after another, and then again from the first."""

    def __init__(self, *moments: datetime) -> None:
        self.moments = cycle(moments)
        self.lock = threading.Lock()

    def now(self) -> datetime:
        with self.lock:
            return next(self.moments)


@pytest.fixture
def folder(app):
    return host_of(app).settings.images_dir


def upload(app) -> dict[str, object]:
    answer = app.test_client().post("/upload", data=as_upload(PNG, "x.png"))
    assert answer.status_code == 200, answer.text
    return answer.json


def in_threads(number: int, act: Callable[[int], object]) -> list[object]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(act, range(number)))


def count_rows(url: str) -> list[tuple[str, int, int]]:
    with truth.reading(url) as connection:
        rows = connection.execute(sa.text("SELECT day, shard, images FROM image_days ORDER BY day, shard"))
        return [(str(day), shard, number) for day, shard, number in rows]


def test_uploads_while_the_day_changes_are_counted_on_the_day_of_their_row(
    app, folder, database_url, monkeypatch
):
    ticks = (timedelta(microseconds=-1), timedelta(), timedelta(days=-1), timedelta(hours=23))
    change_host(app, clock=Clock(*(MIDNIGHT + tick for tick in ticks)).now)
    made = in_threads(40, lambda _: upload(app))
    in_threads(20, lambda number: app.test_client().delete(f"/delete/{made[number * 2]['id']}"))
    truth.assert_exact(database_url, folder)
    assert sum(truth.days(database_url)[0].values()) == 20
    listed = app.test_client().get("/images-list").json
    assert listed["pagination"]["total_items"] == 20


@ON_POSTGRESQL
def test_uploads_of_one_day_go_to_several_rows_of_counts(app, database_url):
    in_threads(40, lambda _: upload(app))
    rows = count_rows(database_url)
    assert 1 < len(rows) <= counts.SHARDS
    assert {shard for _, shard, _ in rows} <= set(range(1, counts.SHARDS + 1))
    assert sum(number for *_, number in rows) == 40


def test_past_days_are_merged_exactly_while_others_upload_and_delete(
    host, app, folder, database_url, monkeypatch
):
    days = [MIDNIGHT + timedelta(days=number) for number in range(3)]
    change_host(app, clock=Clock(*days).now)
    made = in_threads(48, lambda _: upload(app))
    calm = threading.Barrier(3)

    def fold(_: int) -> None:
        calm.wait(30)
        for _ in range(20):
            with app.app_context():
                counts.fold_past_days(host.database, host.clock().date())

    def change(_: int) -> None:
        calm.wait(30)
        for image in made[:24]:
            assert app.test_client().delete(f"/delete/{image['id']}").status_code == 200
            upload(app)

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(fold, 0), pool.submit(fold, 1), pool.submit(change, 2)]:
            done.result(120)
    truth.assert_exact(database_url, folder)
    before = truth.days(database_url)[0]
    with app.app_context():
        counts.fold_past_days(host.database, host.clock().date())
    after: dict[str, int] = {}
    for day, shard, number in count_rows(database_url):
        assert shard in {counts.OF_DELETIONS, 1}, "more rows of a day are left than one of each"
        after[day] = after.get(day, 0) + number
    assert after == before
    assert sum(before.values()) == 48


@ON_POSTGRESQL
def test_the_rows_of_today_are_not_merged(host, app, database_url):
    in_threads(40, lambda _: upload(app))
    rows = count_rows(database_url)
    with app.app_context():
        counts.fold_past_days(host.database, host.clock().date())
    assert count_rows(database_url) == rows


@RENDITIONS
def test_a_deletion_while_a_rendition_is_made_leaves_no_rendition(app, client, folder, database_url, path):
    image = client.post("/upload", data=as_upload(pictures.jpg(1300, 900))).json

    class Slow(imaging.Renderer):
        def render(self, *arguments: object) -> bytes:
            content = super().render(*arguments)
            assert app.test_client().delete(f"/delete/{image['id']}").status_code == 200
            return content

    change_host(app, renderer=Slow())
    assert client.get(path.format(image["filename"])).status_code == 404
    assert stored_files(app) == []
    truth.assert_exact(database_url, folder, {})


def test_no_connection_is_held_while_pictures_are_looked_at_or_scaled(host, app, client, monkeypatch):
    held = []
    admit = imaging.admit

    def watched(*arguments: object) -> object:
        held.append(host.database.engine.pool.checkedout())
        return admit(*arguments)

    class Watched(imaging.Renderer):
        def render(self, *arguments: object) -> bytes:
            held.append(host.database.engine.pool.checkedout())
            return super().render(*arguments)

    client.post("/upload", data=as_upload(PNG))  # the first upload sets up the storage
    monkeypatch.setattr(imaging, "admit", watched)
    change_host(app, renderer=Watched())
    image = client.post("/upload", data=as_upload(pictures.jpg(1300, 900))).json
    for path in (image["thumbnail_url"], f"/previews/720/{image['filename']}.webp"):
        assert client.get(path).status_code == 200
    assert held == [0, 0, 0]


@RENDITIONS
def test_a_rendition_that_many_ask_for_at_once_is_made_once(app, client, path):
    image = client.post("/upload", data=as_upload(pictures.jpg(1600, 1067))).json
    made = []

    class Watched(imaging.Renderer):
        def render(self, *arguments: object) -> bytes:
            made.append(arguments)
            return super().render(*arguments)

    change_host(app, renderer=Watched())
    answers = in_threads(50, lambda _: app.test_client().get(path.format(image["filename"])))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.data for answer in answers}) == len(made) == 1


@SHAPES
def test_without_a_free_connection_the_answer_is_503_with_retry_after(make_app, monkeypatch, shape):
    monkeypatch.setattr(engines, "SECONDS_TO_WAIT_FOR_DATABASE", 0.1)
    app = make_app()
    with app.app_context(), ExitStack() as held:
        for _ in range(engines.CONNECTIONS):
            held.enter_context(host_of(app).database.engine.connect())
        answer = app.test_client().get("/images-list", headers=shape)
        assert_error(answer, 503, "unavailable", "database")
        assert int(answer.headers["Retry-After"]) > 0
    assert app.test_client().get("/images-list", headers=shape).status_code == 200


def test_a_storage_that_another_request_sets_up_meanwhile_is_used(host, app, client, monkeypatch):
    total = counts.total

    def overtaken(_: object) -> int:
        monkeypatch.setattr(counts, "total", total)
        with app.app_context():
            host.storage.initialise()
        upload(app)
        return 1

    monkeypatch.setattr(counts, "total", overtaken)
    assert client.post("/upload", data=as_upload(PNG)).status_code == 200
    assert len(stored_files(app)) == 2
