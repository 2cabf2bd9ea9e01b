"""Servers for the tests of a module, one on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import Postgres
from tests.system.databases import fresh_database
from tests.system.nginx import Host, make_certificate, running_host, working_folder
from tests.system.server import Server


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, str]]:
    """Yield a folder, and the address of a new database."""
    folder = tmp_path_factory.mktemp("server")
    with fresh_database(request, folder, request.module.__name__.rpartition(".")[2]) as url:
        yield folder, url


@pytest.fixture(scope="module")
def server_command() -> list[str]:
    """The command that starts the server, or nothing if it is forked."""
    return []


@pytest.fixture(scope="module")
def server(server_database: tuple[Path, str], server_command: list[str]) -> Iterator[Server]:
    folder, url = server_database
    with Server(folder, server_command, DATABASE_URL=url, LOG_LEVEL="debug") as running:
        yield running


@pytest.fixture(scope="module")
def url(server_database: tuple[Path, str]) -> str:
    return server_database[1]


@pytest.fixture(scope="session")
def host(postgres: Postgres) -> Iterator[Host]:
    """Run nginx and two servers on PostgreSQL for all tests of nginx, since the start takes a while."""
    with working_folder() as folder:
        settings = {"LOG_FORMAT": "json", "ALLOWED_HOSTS": "img.example.org", **make_certificate(folder)}
        with running_host(folder, postgres.create("behind_nginx"), **settings) as running:
            yield running
