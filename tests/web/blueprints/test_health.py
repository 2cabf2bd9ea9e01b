"""GET /healthz and /readyz."""

from tests.applications import host_of
from tests.conftest import ON_BOTH_DATABASES, ON_SQLITE, SHAPES, assert_error, uploaded

pytestmark = ON_BOTH_DATABASES

GONE = "postgresql://nobody@127.0.0.1:1/none"


def test_all_is_well(client):
    assert client.get("/healthz").json == {"status": "success"}
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (
        200,
        {"status": "success", "database": "ok", "storage": "ok"},
    )


@ON_SQLITE
@SHAPES
def test_a_database_that_does_not_answer_is_named(make_app, shape):
    client = make_app(DATABASE_URL=GONE).test_client()
    answer = client.get("/readyz", headers=shape)
    assert_error(answer, 503, "unavailable", "The database")
    assert int(answer.headers["Retry-After"]) > 0
    if answer.is_json:
        # The storage is new and cannot be set up without the database, but it is not the cause.
        assert (answer.json["database"], answer.json["storage"]) == ("unavailable", "ok")
    assert client.get("/healthz").status_code == 200


@ON_SQLITE
def test_both_may_fail(make_app):
    app = make_app(DATABASE_URL=GONE)
    host_of(app).storage.initialise()
    (host_of(app).settings.images_dir / ".incoming").rmdir()
    message = assert_error(app.test_client().get("/readyz"), 503, "unavailable")
    assert message.startswith("The database and the storage do not answer")


@SHAPES
def test_a_storage_that_is_gone_is_named(app, client, shape):
    uploaded(client)
    marker = host_of(app).settings.images_dir / ".imagehost"
    marker.unlink()
    answer = client.get("/readyz", headers=shape)
    assert_error(answer, 503, "unavailable", "The storage")
    if answer.is_json:
        assert (answer.json["database"], answer.json["storage"]) == ("ok", "unavailable")
    assert not marker.exists()
    assert client.get("/healthz").status_code == 200
    marker.touch()
    assert client.get("/readyz").status_code == 200
