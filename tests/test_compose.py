"""The Compose files and the Dockerfile, checked without a Docker engine.

``make stack`` starts the containers.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from imagehost.settings.reader import ROOT

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
def test_permanent_services_restart_have_a_health_check_and_are_read_only(service):
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]
    assert service["read_only"]
    assert service["stop_grace_period"]


def test_services_wait_until_the_services_that_they_need_are_healthy():
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
def test_no_secret_is_in_the_environment(service):
    secrets = [
        name for name in service.get("environment", {}) if re.search("PASSWORD|SECRET|DATABASE_URL", name)
    ]
    assert all(name.endswith("_FILE") for name in secrets), secrets


def test_published_images_are_named_with_their_version_or_branch():
    stages = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    images = {*stages, SERVICES["db"]["image"]}
    assert images == {"python:3.13-slim-bookworm", "nginx:stable", "postgres:15-bookworm"}
