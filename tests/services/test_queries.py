"""The number of statements and commits of each action, on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from tests import pictures
from tests.conftest import ON_BOTH_DATABASES, as_upload

pytestmark = ON_BOTH_DATABASES

PNG = pictures.png(8, 8)


@contextmanager
def counting(host, app) -> Iterator[list[str]]:
    """Yield the statements and commits inside the block, without BEGIN."""
    with app.app_context():
        engine = host.database.engine
    seen: list[str] = []

    def statement(_: object, __: object, text: str, *rest: object) -> None:
        if not text.startswith("BEGIN"):
            seen.append(text)

    def commit(_: object) -> None:
        seen.append("COMMIT")

    sa.event.listen(engine, "before_cursor_execute", statement)
    sa.event.listen(engine, "commit", commit)
    yield seen
    sa.event.remove(engine, "before_cursor_execute", statement)
    sa.event.remove(engine, "commit", commit)


@pytest.fixture
def filled(client) -> list[dict[str, object]]:
    return [client.post("/upload", data=as_upload(PNG)).json for _ in range(12)]


def asked(seen: list[str]) -> list[str]:
    return [text for text in seen if text != "COMMIT"]


def test_an_upload_takes_two_statements_and_one_commit(host, app, client, filled, monkeypatch):
    # The first upload in a shard of the counts also merges past days. This upload uses an existing shard.
    monkeypatch.setattr("imagehost.db.counts.SHARDS", 1)
    client.post("/upload", data=as_upload(PNG))
    with counting(host, app) as seen:
        assert client.post("/upload", data=as_upload(PNG)).status_code == 200
    assert len(asked(seen)) <= 3, seen
    assert seen.count("COMMIT") == 1
    assert seen[-1] == "COMMIT"
    assert "INSERT INTO image_days" in seen[-2], "the counts are locked longer than need be"


def test_a_deletion_takes_two_statements_and_one_commit(host, app, client, filled):
    with counting(host, app) as seen:
        assert client.delete(f"/delete/{filled[0]['id']}").status_code == 200
    assert len(asked(seen)) <= 2, seen
    assert seen.count("COMMIT") == 1


@pytest.mark.parametrize("page", [1, 2, 99])
def test_a_page_of_the_list_takes_two_statements(host, app, client, filled, page):
    with counting(host, app) as seen:
        assert client.get(f"/images-list?page={page}").status_code == 200
    assert len(asked(seen)) <= 2, seen
    assert not [text for text in seen if "count(" in text.lower()]


@pytest.mark.parametrize(
    "path",
    ["/images/{filename}", "/view/{name}", "/thumbnails/{filename}.webp", "/previews/720/{filename}.webp"],
)
def test_an_image_takes_one_statement(host, app, client, path):
    image = client.post("/upload", data=as_upload(pictures.jpg(1300, 900))).json
    names = {"filename": image["filename"], "name": image["filename"].partition(".")[0]}
    with counting(host, app) as seen:
        assert client.get(path.format(**names)).status_code == 200
    assert len(asked(seen)) == 1, seen
