"""What the containers are made of: checked without an engine. ``make stack`` starts them."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from imagehost.environment import ROOT

FILES = ["compose.yaml", "compose.tls.yaml"]
BIN = Path(sys.executable).parent
COMPOSE = YAML(typ="safe").load(ROOT / "compose.yaml")
SERVICES = COMPOSE["services"]
LASTING = sorted(set(SERVICES) - {"secrets"})
EVERY = pytest.mark.parametrize("service", [pytest.param(SERVICES[name], id=name) for name in SERVICES])
EVERY_LASTING = pytest.mark.parametrize(
    "service", [pytest.param(SERVICES[name], id=name) for name in LASTING]
)


@pytest.mark.parametrize("file", FILES)
def test_the_compose_files_follow_the_specification(file):
    subprocess.run(
        [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", ROOT / file], check=True
    )


def test_hadolint_has_nothing_to_say_of_the_dockerfile():
    subprocess.run([BIN / "hadolint", ROOT / "Dockerfile"], check=True)


def test_shellcheck_has_nothing_to_say_of_the_scripts():
    subprocess.run([BIN / "shellcheck", *sorted((ROOT / "docker").glob("*.sh"))], check=True)


@EVERY
def test_no_container_has_more_rights_than_it_needs(service):
    assert service["user"] in {"10001:10001", "postgres"}
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"cap_add", "privileged", "pid", "ipc", "devices"} & set(service)


@EVERY
def test_every_container_has_limits(service):
    assert {"mem_limit", "pids_limit"} <= set(service)
    assert "cpus" in service or service["restart"] == "no"
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}


@EVERY_LASTING
def test_what_runs_on_is_started_anew_looked_after_and_cannot_change_itself(service):
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]
    assert service["read_only"]
    assert service["stop_grace_period"]


def test_services_wait_until_what_they_need_is_well():
    conditions = {name: service.get("depends_on", {}) for name, service in SERVICES.items()}
    well = {"condition": "service_healthy"}
    assert conditions == {
        "secrets": {},
        "db": {"secrets": {"condition": "service_completed_successfully"}},
        "app": {"db": well},
        "backup": {"app": well},
        "nginx": {"app": well},
    }


def test_nothing_but_nginx_is_reached_from_outside():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["nginx"]
    internal = {name for name, network in COMPOSE["networks"].items() if network and network["internal"]}
    assert {name for name, service in SERVICES.items() if set(service.get("networks", [])) - internal} == {
        "nginx"
    }
    assert not set(SERVICES["nginx"]["networks"]) & set(SERVICES["db"]["networks"])


def test_the_application_can_be_scaled():
    assert not {"container_name", "hostname", "ports"} & set(SERVICES["app"])


@EVERY
def test_no_secret_stands_in_the_environment(service):
    secrets = [
        name for name in service.get("environment", {}) if re.search("PASSWORD|SECRET|DATABASE_URL", name)
    ]
    assert all(name.endswith("_FILE") for name in secrets), secrets


def test_published_images_are_named_with_their_version():
    stages = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    images = {*stages, SERVICES["db"]["image"]}
    assert images == {"python:3.13-slim-bookworm", "nginx:1.28", "postgres:15-bookworm"}


def make_secrets(folder: Path, given: str) -> dict[str, str]:
    (folder / "given").write_text(given)
    secrets = folder / "secrets"
    secrets.mkdir(exist_ok=True)
    subprocess.run(["sh", ROOT / "docker" / "secrets.sh", folder / "given", secrets], check=True)
    return {path.name: path.read_text() for path in secrets.iterdir()}


def test_secrets_that_nobody_gave_are_random(tmp_path):
    made = make_secrets(tmp_path, "db_password=\nsecret_key=\n")
    assert set(made) == {"db_password", "secret_key"}
    assert all(re.fullmatch("[0-9a-f]{64}", secret) for secret in made.values())
    assert made["db_password"] != made["secret_key"]


def test_secrets_are_for_their_owner_and_group_to_read(tmp_path):
    make_secrets(tmp_path, "db_password=\n")
    assert (tmp_path / "secrets" / "db_password").stat().st_mode & 0o777 == 0o440


def test_given_secrets_are_kept_as_they_are(tmp_path):
    given = r" p=a's$\word== "
    assert make_secrets(tmp_path, f"db_password={given}\n") == {"db_password": given}


def test_secrets_are_made_once(tmp_path):
    made = make_secrets(tmp_path, "db_password=\n")
    assert make_secrets(tmp_path, "db_password=another\n") == made


def test_a_secret_that_was_cut_short_is_made_anew(tmp_path):
    (tmp_path / "secrets").mkdir()
    for name in ("db_password", "db_password.draft"):
        (tmp_path / "secrets" / name).touch(0o440)
    assert make_secrets(tmp_path, "db_password=given\n") == {"db_password": "given"}


class Answer(BaseHTTPRequestHandler):
    """Answers /readyz as its server is told to."""

    def do_GET(self) -> None:
        self.send_response(self.server.status if self.path == "/readyz" else HTTPStatus.NOT_FOUND)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(port: int) -> int:
    script = [sys.executable, ROOT / "docker" / "ready.py", str(port)]
    return subprocess.run(script, stderr=subprocess.DEVNULL, check=False).returncode


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (404, 1)])
def test_a_health_check_passes_where_the_server_is_ready(server, status, code):
    server.status = status
    assert ask(server.server_port) == code


def test_a_health_check_fails_where_nobody_answers(server):
    port = server.server_port
    server.server_close()
    assert ask(port) == 1
