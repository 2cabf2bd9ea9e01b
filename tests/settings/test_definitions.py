"""Settings come from the environment, then .env, then the default.

They have types and are checked at the start.
"""

import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from imagehost.settings import definitions, reader
from imagehost.settings.secret_key import kept_secret_key
from tests.conftest import SETTING_NAMES


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch, tmp_path):
    """Give each test its own .env, and an environment that it may change."""
    before = dict(os.environ)
    os.environ["INSTANCE_DIR"] = str(tmp_path / "instance")
    monkeypatch.setattr(reader, "ROOT", tmp_path)
    yield
    os.environ.clear()
    os.environ.update(before)


def load(**values: str) -> definitions.Settings:
    os.environ.update(values)
    return definitions.load_settings()


def test_the_defaults_work(tmp_path):
    settings = load()
    instance = tmp_path / "instance"
    assert settings.database_url.render_as_string() == f"sqlite:///{instance}/imagehost.db"
    assert (settings.images_dir, settings.log_dir) == (instance / "images", instance / "logs")
    assert settings.backup_dir == instance / "backups"
    assert (settings.max_file_size, settings.max_pixels) == (10_485_760, 100_000_000)
    assert settings.allowed_extensions == ("jpg", "png", "gif")
    assert (settings.public_url, settings.trusted_proxies) == (None, 0)
    assert (settings.web_server_start_port, settings.web_server_ports) == (8000, 1)
    assert settings.web_server_workers == os.cpu_count()
    assert (settings.log_level, settings.log_format) == ("info", "text")
    assert (settings.keep_metadata, settings.rate_limit_enabled) == (False, True)


WRONG = [
    ("MAX_FILE_SIZE", "ten", "a whole number from 1 to"),
    ("MAX_FILE_SIZE", "0", "a whole number from 1 to"),
    ("MAX_FILE_SIZE", "-1", "a whole number from 1 to"),
    ("MAX_FILE_SIZE", "1.5", "a whole number from 1 to"),
    ("MAX_PIXELS", "many", "a whole number from 1 to"),
    ("TRUSTED_PROXIES", "-1", "a whole number from 0 to"),
    ("TRUSTED_PROXIES", "all", "a whole number from 0 to"),
    ("WEB_SERVER_WORKERS", "0", "a whole number from 1 to"),
    ("WEB_SERVER_START_PORT", "65536", "a whole number from 1 to 65535"),
    ("WEB_SERVER_PORTS", "0", "a whole number from 1 to"),
    ("DB_PORT", "abc", "a whole number from 1 to 65535"),
    ("DB_PORT", "99999", "a whole number from 1 to 65535"),
    ("LOG_LEVEL", "loud", "debug or info or warning or error"),
    ("LOG_FORMAT", "xml", "text or json"),
    ("KEEP_METADATA", "perhaps", "true or false"),
    ("RATE_LIMIT_ENABLED", "2", "true or false"),
    ("RATE_LIMIT", "0/minute", "a number of requests per time unit, such as 600/minute"),
    ("RATE_LIMIT", "2/minute;3/hour", "a number of requests per time unit, such as 600/minute"),
    ("DELETION_RATE_LIMIT", "often", "a number of requests per time unit, such as 600/minute"),
    ("LIST_RATE_LIMIT", "often", "a number of requests per time unit, such as 600/minute"),
    ("RENDERING_RATE_LIMIT", "often", "a number of requests per time unit, such as 600/minute"),
    ("ACCESS", "everybody", "open"),
    ("BIND_ADDRESS", "localhost", "an IP address, such as 127.0.0.1"),
    ("BIND_ADDRESS", "0.0.0.0:80", "an IP address, such as 127.0.0.1"),
    ("ALLOWED_HOSTS", "img.example.org:80", "a list of host names"),
    ("ALLOWED_HOSTS", "https://img.example.org", "a list of host names"),
    ("ALLOWED_HOSTS", "a..b", "a list of host names"),
    ("ALLOWED_HOSTS", "a,", "a list of host names"),
    ("ALLOWED_HOSTS", "a_b.example", "a list of host names"),
    ("ALLOWED_HOSTS", "*.example.org", "a list of host names"),
    ("ALLOWED_HOSTS", "b\u00fc\u2026cher.example", "a list of host names"),
    ("PROXY_ADDRESSES", "proxy", "a list of IP addresses and networks"),
    ("PROXY_ADDRESSES", "10.0.0.1/8", "a list of IP addresses and networks"),
    ("LOG_MAX_SIZE", "20MB", "a whole number from 1 to"),
    ("LOG_KEEP", "0", "a whole number from 1 to"),
    ("ALLOW_INDEXING", "perhaps", "true or false"),
    ("SECURITY_CONTACT", "somebody", "an e-mail address or an https address"),
    ("SECURITY_CONTACT", "a@b c@d", "an e-mail address or an https address"),
    ("SECURITY_CONTACT", "https://a.example/\nAllow: /", "an e-mail address or an https address"),
    ("INSTANCE_DIR", "/proc/nowhere", "a folder that can be created"),
    ("LOG_DIR", "/proc/nowhere", "a folder that can be created"),
    ("RATE_LIMIT", "often", "a number of requests per time unit, such as 600/minute"),
    ("ALLOWED_EXTENSIONS", "jpg,exe", "a list of jpg, png, gif, webp, avif"),
    ("ALLOWED_EXTENSIONS", ",", "a list of jpg, png, gif, webp, avif"),
    ("PUBLIC_URL", "img.example.org", "a scheme and a host, such as https://img.example.org"),
    ("PUBLIC_URL", "ftp://img.example.org", "a scheme and a host"),
    ("PUBLIC_URL", "https://img.example.org/path", "a scheme and a host"),
    ("PUBLIC_URL", "https://a.example\nb", "a scheme and a host"),
    ("PUBLIC_URL", "https://a..example", "a scheme and a host"),
    ("PUBLIC_URL", "https://a.example:0", "a scheme and a host"),
    ("PUBLIC_URL", "https://a.example:65536", "a scheme and a host"),
    ("PUBLIC_URL", "https://me@a.example", "a scheme and a host"),
    ("DATABASE_URL", "mysql://user@host/name", "postgresql://<user>:<password>@<host>/<database>"),
    ("DATABASE_URL", "sqlite://", "sqlite:///<file>"),
    ("INSTANCE_DIR", "/dev/null/instance", "a folder that can be created"),
    ("LOG_DIR", "/dev/null/logs", "a folder that can be created"),
    ("DB_PASSWORD_FILE", "/nowhere/password", "a text file that can be read"),
    ("SECRET_KEY_FILE", "/bin/sh", "a text file that can be read"),
    ("SECRET_KEY_FILE", "/dev/null", "a file that is not empty"),
]


@pytest.mark.parametrize(("name", "value", "allowed"), WRONG, ids=lambda text: text[:24])
def test_a_wrong_value_stops_the_start_with_one_line(name, value, allowed):
    with pytest.raises(SystemExit) as stop:
        load(**{name: value})
    line = str(stop.value)
    assert line.startswith(f"imagehost: the setting {name} is {value!r}, but must be ")
    assert allowed in line
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize(
    "url",
    [
        "mysql://user:hunter2@host/name",
        "postgresql://user:hunter2@host:port/name",
        "postgresql://user:hunter2@host:99999/name",
        "sqlite:///:memory:",
        "nonsense hunter2",
        "x:hunter2@y",
    ],
)
def test_a_wrong_database_url_is_reported_without_its_password(url):
    with pytest.raises(SystemExit, match="DATABASE_URL") as stop:
        load(DATABASE_URL=url)
    assert "hunter2" not in str(stop.value)
    assert len(str(stop.value).splitlines()) == 1


URLS = {
    "sqlite:////srv/a.db": "sqlite:////srv/a.db",
    "postgres://user:p%40ss@host/name": "postgresql+psycopg2://user:p%40ss@host/name",
    "postgresql://host/name?sslmode=require": "postgresql+psycopg2://host/name?sslmode=require",
    "postgresql+psycopg2://host:5433/name": "postgresql+psycopg2://host:5433/name",
}


@pytest.mark.parametrize(("given", "used"), URLS.items(), ids=URLS)
def test_the_driver_of_postgresql_is_psycopg2(given, used):
    assert load(DATABASE_URL=given).database_url.render_as_string(hide_password=False) == used


PARTS = [
    ({"DB_HOST": "db"}, "postgresql+psycopg2://db:5432/imagehost"),
    ({"DB_PORT": "5433"}, "postgresql+psycopg2://localhost:5433/imagehost"),
    (
        {"DB_HOST": "db", "DB_PORT": "5433", "DB_NAME": "n", "DB_USER": "u", "DB_PASSWORD": "p@/ss"},
        "postgresql+psycopg2://u:p%40%2Fss@db:5433/n",
    ),
    ({"DB_HOST": "db", "DATABASE_URL": "sqlite:////srv/a.db"}, "sqlite:////srv/a.db"),
]


@pytest.mark.parametrize(("values", "url"), PARTS, ids=["host", "port", "all", "the URL comes first"])
def test_the_database_may_be_given_in_parts(values, url):
    assert load(**values).database_url.render_as_string(hide_password=False) == url


@pytest.fixture
def secret_file(tmp_path) -> str:
    (tmp_path / "secret").write_text("p@/ss\n")
    return str(tmp_path / "secret")


def test_secrets_may_be_in_separate_files(secret_file):
    settings = load(DB_PASSWORD_FILE=secret_file, SECRET_KEY_FILE=secret_file)
    assert settings.database_url.password == "p@/ss"
    assert settings.secret_key == "p@/ss"


def test_a_secret_itself_comes_before_its_file(secret_file):
    settings = load(DB_PASSWORD="a", DB_PASSWORD_FILE=secret_file, SECRET_KEY="b", SECRET_KEY_FILE="/nowhere")
    assert (settings.database_url.password, settings.secret_key) == ("a", "b")


def test_the_environment_comes_before_the_file(tmp_path):
    (tmp_path / ".env").write_text("MAX_FILE_SIZE=5\nMAX_PIXELS=7\n")
    settings = load(MAX_FILE_SIZE="6")
    assert (settings.max_file_size, settings.max_pixels) == (6, 7)


def test_arguments_of_create_app_take_precedence(tmp_path):
    os.environ["MAX_FILE_SIZE"] = "6"
    assert definitions.load_settings(MAX_FILE_SIZE=8).max_file_size == 8
    with pytest.raises(TypeError, match="MAX_FILESIZE"):
        definitions.load_settings(MAX_FILESIZE=8)


@pytest.mark.parametrize("name", sorted(SETTING_NAMES - {"INSTANCE_DIR", "SECRET_KEY"}))
def test_an_empty_value_means_the_default(name):
    defaults = load()
    assert load(**{name: ""}) == defaults


RIGHT = [
    ("ALLOWED_EXTENSIONS", " JPG , jpeg,WebP", "allowed_extensions", ("jpg", "webp")),
    ("PUBLIC_URL", "HTTPS://Img.Example.org:8443/", "public_url", "https://img.example.org:8443"),
    ("PUBLIC_URL", "http://[::1]:8000", "public_url", "http://[::1]:8000"),
    ("PUBLIC_URL", "https://img.example.org:443", "public_url", "https://img.example.org"),
    ("PUBLIC_URL", "http://img.example.org.:80/", "public_url", "http://img.example.org"),
    ("PUBLIC_URL", "https://B\u00fccher.example", "public_url", "https://xn--bcher-kva.example"),
    ("ALLOWED_HOSTS", " A.example, b.example.", "allowed_hosts", ("a.example", "b.example")),
    ("ALLOWED_HOSTS", "stra\u00dfe.example", "allowed_hosts", ("xn--strae-oqa.example",)),
    ("BIND_ADDRESS", "[::1]", "bind_address", "::1"),
    ("KEEP_METADATA", "yes", "keep_metadata", True),
    ("RATE_LIMIT_ENABLED", "False", "rate_limit_enabled", False),
    ("RATE_LIMIT", "2 per 10 minutes", "rate_limit", "2 per 10 minutes"),
    ("UPLOAD_DIR", "/srv/uploads", "images_dir", Path("/srv/uploads")),
    ("IMAGES_DIR", "~/images", "images_dir", Path.home() / "images"),
    ("IMAGES_DIR", "images", "images_dir", Path.cwd() / "images"),
]


@pytest.mark.parametrize(("name", "value", "field", "read"), RIGHT)
def test_values_are_typed(name, value, field, read):
    assert getattr(load(**{name: value}), field) == read


def test_the_newer_name_comes_before_its_alias():
    assert load(IMAGES_DIR="/srv/images", UPLOAD_DIR="/srv/uploads").images_dir == Path("/srv/images")


def test_the_settings_cannot_change():
    with pytest.raises(AttributeError):
        load().max_file_size = 1


def test_the_secret_key_is_made_once_and_kept_private(tmp_path):
    key = load().secret_key
    file = tmp_path / "instance" / "secret_key"
    assert (file.read_text(), len(key)) == (key, 64)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load().secret_key == key
    assert load(SECRET_KEY="given").secret_key == "given"


def test_processes_that_start_together_agree_on_the_secret_key(tmp_path):
    processes = multiprocessing.get_context("fork")
    barrier, keys = processes.Barrier(8), processes.SimpleQueue()

    def start() -> None:
        barrier.wait()
        keys.put(kept_secret_key(tmp_path))

    workers = [processes.Process(target=start) for _ in range(8)]
    for worker in workers:
        worker.start()
    assert len({keys.get() for _ in workers}) == 1
    for worker in workers:
        worker.join()
    assert [file.name for file in tmp_path.iterdir()] == ["secret_key"]


def test_an_empty_secret_key_is_replaced(tmp_path):
    (tmp_path / "secret_key").touch()
    key = definitions.load_settings(INSTANCE_DIR=tmp_path).secret_key
    assert len(key) == 64
    assert definitions.load_settings(INSTANCE_DIR=tmp_path).secret_key == key


def test_the_last_port_must_be_valid(tmp_path):
    with pytest.raises(SystemExit, match=r"WEB_SERVER_PORTS is 3, but must be .* 65535"):
        definitions.load_settings(INSTANCE_DIR=tmp_path, WEB_SERVER_START_PORT=65534, WEB_SERVER_PORTS=3)
    assert definitions.load_settings(INSTANCE_DIR=tmp_path, WEB_SERVER_START_PORT=65534, WEB_SERVER_PORTS=2)
