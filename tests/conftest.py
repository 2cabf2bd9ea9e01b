"""Databases, applications and assertions that most tests use. Each test begins with an empty database."""

import io
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from flask_migrate import upgrade
from werkzeug.test import TestResponse

from imagehost import create_app
from imagehost.host import Host
from imagehost.settings import definitions, reader
from imagehost.settings.definitions import load_settings
from tests import pictures
from tests.applications import Applications, close, host_of
from tests.postgres import Postgres, Reusable

PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
FRAGMENT = {"HX-Request": "true", "Accept": "*/*"}
JSON: dict[str, str] = {}
SHAPES = pytest.mark.parametrize("shape", [PAGE, FRAGMENT, JSON], ids=["page", "fragment", "json"])
# The databases of a test or of a module. Without a mark, a test runs on SQLite.
ON_BOTH_DATABASES = pytest.mark.databases("sqlite", "postgresql")
ON_POSTGRESQL = pytest.mark.databases("postgresql")
ON_SQLITE = pytest.mark.databases("sqlite")


SLOWEST = ("tests/system/test_operations.py", "tests/system/")
"""The beginnings of the names of the slowest tests, the slowest first."""
SMALL = pictures.jpg(8, 6)


SETTING_NAMES = {name.upper() for name in definitions.Settings.__dataclass_fields__} | {
    *("UPLOAD_DIR", "DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_PASSWORD"),
    *("DB_PASSWORD_FILE", "SECRET_KEY_FILE"),
}


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_this_machine() -> Iterator[None]:
    """Ignore settings in the environment and in the developer's .env."""
    with pytest.MonkeyPatch.context() as patch:
        for name in SETTING_NAMES:
            patch.delenv(name, raising=False)
        patch.setattr(reader, "ROOT", Path("/nonexistent"))
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def migrated_sqlite(applications: Applications, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    applications.share_statements(migrate(f"sqlite:///{folder}/imagehost.db", folder))
    return folder / "imagehost.db"


@pytest.fixture(scope="session")
def migrated_postgres(
    applications: Applications, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Reusable]:
    url = postgres.create("imagehost")
    applications.share_statements(migrate(url, tmp_path_factory.mktemp("template")))
    with closing(Reusable(url)) as database:
        yield database


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the slowest tests, so that all processes end at about the same time."""
    items.sort(key=lambda item: [not item.nodeid.startswith(name) for name in SLOWEST])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test on the databases that its nearest mark names."""
    if "database_url" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("databases")
        metafunc.parametrize("database_url", mark.args if mark else ["sqlite"], indirect=True)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty, migrated database."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_sqlite"), tmp_path / "imagehost.db")
        return f"sqlite:///{tmp_path}/imagehost.db"
    database: Reusable = request.getfixturevalue("migrated_postgres")
    return database.emptied()


@pytest.fixture(scope="session")
def applications() -> Applications:
    return Applications()


@pytest.fixture
def make_app(applications: Applications, database_url: str, tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Return a function that returns applications on the test's database and folder."""
    made = []

    def make(**overrides: object) -> Flask:
        settings = {
            "DATABASE_URL": database_url,
            "INSTANCE_DIR": tmp_path,
            # Otherwise, each host would make and store a key.
            "SECRET_KEY": "the key of the tests",
            "RATE_LIMIT_ENABLED": False,
        }
        app = applications.take(load_settings(**{**settings, **overrides}))
        made.append((app, host_of(app)))
        return app

    yield make
    for app, host in made:
        applications.give_back(app, host)


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app()


@pytest.fixture
def host(app: Flask) -> Host:
    return host_of(app)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


def migrate(url: str, folder: Path) -> sa.Dialect:
    """Migrate a database, and return its dialect, which SQLAlchemy has initialized by then."""
    app = create_app(DATABASE_URL=url, INSTANCE_DIR=folder)
    with app.app_context():
        upgrade()
    close(app)
    return host_of(app).database.engine.dialect


def as_upload(content: bytes, name: str = "photo.jpg") -> dict[str, object]:
    """Return a form with one picture."""
    return {"file": (io.BytesIO(content), name)}


def uploaded(client: FlaskClient, content: bytes | None = None, name: str = "photo.jpg") -> dict[str, object]:
    """Upload a picture, or a small one if no content is given. Return the answer's JSON."""
    answer = client.post("/upload", data=as_upload(content or SMALL, name))
    assert answer.status_code == 200, answer.text
    return answer.json


def assert_error(answer: TestResponse, status: int, code: str, *words: str) -> str:
    """Check that the answer is an error of ours, in one of the three shapes. Return its message."""
    assert answer.status_code == status, answer.text
    assert {"HX-Request", "Accept"} <= set(answer.vary)
    if answer.request.path.startswith("/api/"):
        assert answer.is_json
    if answer.is_json:
        assert answer.json["status"] == "error"
        assert answer.json["code"] == code
        assert answer.json["message"] == answer.json["detail"]
        message = answer.json["message"]
    else:
        message = answer.text
        assert 'class="alert"' in message
    for word in words:
        assert word in message
    assert "Traceback" not in answer.text
    return message


def page_of(image: dict[str, object]) -> str:
    """Return the path of an image's page."""
    return "/view/" + str(image["filename"]).partition(".")[0]


def stored_files(app: Flask) -> list[Path]:
    """Return the paths of all files in the storage, except for locks and the marker."""
    folder = host_of(app).settings.images_dir
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and ".locks" not in path.parts and path.name != ".imagehost"
    )
