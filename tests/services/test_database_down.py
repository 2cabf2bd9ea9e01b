"""A database that does not answer, and answers again later."""

import sqlite3
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from imagehost import create_app
from imagehost.db import counts, engines
from imagehost.domain.errors import Unavailable
from imagehost.domain.policy import ANYBODY
from imagehost.services import lists
from imagehost.web.messages import sentence_in_english
from tests import pictures
from tests.applications import LintingClient, close, host_of
from tests.conftest import (
    ON_BOTH_DATABASES,
    ON_SQLITE,
    PAGE,
    SHAPES,
    as_upload,
    assert_error,
    migrate,
    stored_files,
)
from tests.postgres import Postgres
from tests.system import truth

pytestmark = ON_BOTH_DATABASES

PNG = pictures.png(8, 8)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """Start a separate PostgreSQL, which tests may stop and start."""
    own = Postgres()
    own.create("imagehost")
    # In the tests, commits are not flushed, so the last ones would be lost when the server is stopped.
    own.execute("ALTER DATABASE imagehost SET synchronous_commit = on")
    migrate(own.url("imagehost"), tmp_path_factory.mktemp("migrated"))
    yield own
    own.remove()


@pytest.fixture
def stoppable(server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """Build an application on this server. If a test stops the server, it is started again after the test."""
    with truth.reading(server.url("imagehost")) as connection:
        connection.execute(sa.text("TRUNCATE images, image_days RESTART IDENTITY"))
        connection.commit()
    made = create_app(DATABASE_URL=server.url("imagehost"), INSTANCE_DIR=tmp_path, RATE_LIMIT_ENABLED=False)
    made.test_client_class = LintingClient
    yield made
    if not running(server):
        server.start()
    close(made)


def running(server: Postgres) -> bool:
    return (server.folder / "data" / "postmaster.pid").exists()


def upload(client, shape: dict[str, str] | None = None):
    return client.post("/upload", data=as_upload(PNG), headers=shape or {})


def assert_down(answer, what: str = "database") -> None:
    assert_error(answer, 503, "unavailable", what, "Try again")
    assert int(answer.headers["Retry-After"]) > 0


def assert_all_down(client, image: dict[str, object], shape: dict[str, str]) -> None:
    """Assert that every address that needs the database reports this in the right shape."""
    assert_down(upload(client, shape))
    for path in ("/images-list", f"/view/{image['filename']}", f"/images/{image['filename']}"):
        assert_down(client.get(path, headers=shape))
    for path in ("/api/upload", f"/thumbnails/{image['filename']}.webp"):
        assert_down(client.get(path, headers=shape))
    assert_down(client.delete(f"/delete/{image['id']}", headers=shape))
    assert_down(client.post(f"/delete/{image['id']}", headers=shape))
    assert_down(client.delete(f"/api/upload/{image['filename']}", headers=shape))
    assert_down(client.post("/api/upload", data=as_upload(PNG), headers=shape))


def assert_whole(app: Flask, url: str) -> None:
    truth.assert_exact(url, host_of(app).settings.images_dir)


@SHAPES
def test_a_stopped_database_is_reported_and_needs_no_restart_of_the_host(stoppable, server, shape):
    client = stoppable.test_client()
    image = upload(client).json
    server.stop()
    assert_all_down(client, image, shape)
    ready = client.get("/readyz")
    assert ready.status_code == 503
    assert (ready.json["database"], ready.json["storage"]) == ("unavailable", "ok")
    assert "database" in ready.json["message"]
    assert client.get("/healthz").status_code == 200
    assert client.get("/", headers=PAGE).status_code == 200
    assert len(stored_files(stoppable)) == 1
    server.start()
    assert client.get("/readyz").status_code == 200
    assert client.get(image["url"]).data == PNG
    assert upload(client).status_code == 200
    assert client.delete(f"/delete/{image['id']}").status_code == 200
    assert_whole(stoppable, server.url("imagehost"))


@pytest.mark.parametrize("name", ["publish", "count_upload"])
def test_a_database_that_stops_amid_an_upload_leaves_nothing(stoppable, server, monkeypatch, name):
    client = stoppable.test_client()
    assert upload(client).status_code == 200
    owner = host_of(stoppable).storage if name == "publish" else counts
    step = getattr(owner, name)

    def stop_and_go_on(*arguments: object) -> object:
        server.stop()
        return step(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, stop_and_go_on)
        assert_down(upload(client))
    assert len(stored_files(stoppable)) == 1
    server.start()
    assert upload(client).status_code == 200
    assert_whole(stoppable, server.url("imagehost"))


def test_connections_that_the_server_closed_are_replaced(stoppable, server, monkeypatch):
    monkeypatch.setattr(engines, "SECONDS_IDLE", 0)
    client = stoppable.test_client()
    image = upload(client).json
    engine = host_of(stoppable).database.engine
    held = [engine.connect() for _ in range(engines.CONNECTIONS // 2)]
    for connection in held:
        connection.execute(sa.text("SELECT 1"))
        connection.close()
    assert engine.pool.checkedin() == engines.CONNECTIONS // 2
    for _ in range(2):
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'imagehost'"
        )
        for _ in range(engines.CONNECTIONS):
            assert client.get("/images-list").status_code == 200
            assert upload(client).status_code == 200
            assert client.get(image["url"]).status_code == 200
    assert_whole(stoppable, server.url("imagehost"))


def test_a_connection_that_is_lost_at_the_end_of_a_request_does_not_change_the_answer(stoppable, server):
    """The connection is lost after the last query and before the session ends. The answer is complete."""
    database = host_of(stoppable).database

    @stoppable.get("/lose")
    def lose() -> str:
        with database.reading() as session:
            pid = session.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
            server.execute(f"SELECT pg_terminate_backend({pid}, 5000)")
        return "answer"

    client = stoppable.test_client()
    assert client.get("/lose").text == "answer"
    assert database.engine.pool.checkedout() == 0
    assert client.get("/images-list").status_code == 200


def test_a_list_of_all_that_loses_the_database_is_cut_off_not_ended(stoppable, server, monkeypatch):
    monkeypatch.setattr(lists, "LISTED_AT_ONCE", 2)
    client = stoppable.test_client()
    for _ in range(5):
        upload(client)
    rows = iter([])
    with stoppable.app_context():
        rows = chain.from_iterable(lists.all_entries(host_of(stoppable), ANYBODY))
        next(rows)
        server.stop()
        next(rows)
        with pytest.raises(Unavailable) as failure:
            next(rows)
    assert "database does not answer" in sentence_in_english(failure.value)


@SHAPES
@ON_SQLITE
def test_a_writer_that_locks_sqlite_too_long_is_reported(make_app, database_url, monkeypatch, shape):
    monkeypatch.setattr(engines, "SECONDS_TO_WAIT_FOR_DATABASE", 0.05)
    app = make_app()
    client = app.test_client()
    image = upload(client).json
    other = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert_down(upload(client, shape))
    assert_down(client.delete(f"/delete/{image['id']}", headers=shape))
    assert client.get("/images-list", headers=shape).status_code == 200
    other.execute("ROLLBACK")
    other.close()
    assert len(stored_files(app)) == 1
    assert upload(client).status_code == 200
    assert_whole(app, database_url)


@SHAPES
@ON_SQLITE
def test_a_read_only_sqlite_accepts_no_change(make_app, database_url, shape):
    app = make_app()
    client = app.test_client()
    image = upload(client).json
    engine = host_of(app).database.engine
    engine.dispose()

    def only_read(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA query_only=ON")

    sa.event.listen(engine, "connect", only_read)
    assert_down(upload(client, shape))
    assert_down(client.delete(f"/delete/{image['id']}", headers=shape))
    assert client.get(image["url"]).data == PNG
    assert_whole(app, database_url)
    assert len(stored_files(app)) == 1


@SHAPES
@ON_SQLITE
def test_a_missing_folder_of_sqlite_is_reported_until_it_is_back(make_app, tmp_path, migrated_sqlite, shape):
    folder = tmp_path / "database"
    folder.mkdir()
    (folder / "imagehost.db").write_bytes(migrated_sqlite.read_bytes())
    url = f"sqlite:///{folder}/imagehost.db"
    app = make_app(DATABASE_URL=url)
    client = app.test_client()
    image = upload(client).json
    host_of(app).database.engine.dispose()
    folder.rename(tmp_path / "elsewhere")
    assert_all_down(client, image, shape)
    assert client.get("/readyz").json["database"] == "unavailable"
    (tmp_path / "elsewhere").rename(folder)
    assert upload(client).status_code == 200
    assert_whole(app, url)


@SHAPES
def test_a_lost_storage_is_reported_and_not_set_up_again(make_app, database_url, tmp_path, shape):
    app = make_app()
    client = app.test_client()
    image = upload(client).json
    (tmp_path / "images").rename(tmp_path / "elsewhere")
    assert_down(upload(client, shape), "storage")
    assert not (tmp_path / "images").exists()
    ready = client.get("/readyz").json
    assert (ready["database"], ready["storage"]) == ("ok", "unavailable")
    assert client.get("/images-list", headers=shape).status_code == 200
    (tmp_path / "elsewhere").rename(tmp_path / "images")
    assert client.get(image["url"]).data == PNG
    assert upload(client).status_code == 200
    assert_whole(app, database_url)
