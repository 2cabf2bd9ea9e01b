"""A server that other machines can reach does not start without ACCESS."""

import subprocess
import sys

import pytest
import requests

from imagehost.settings.reader import ROOT
from tests.ports import free_port
from tests.system import commands
from tests.system.server import Server

GUNICORN = [sys.executable, "-m", "gunicorn", "-c", "python:imagehost.gunicorn", "wsgi:app"]


@pytest.mark.parametrize("command", [["make", "-s", "run"], GUNICORN], ids=["make run", "gunicorn"])
def test_the_start_ends_with_one_line(tmp_path, command):
    settings = {"INSTANCE_DIR": tmp_path, "TRUSTED_PROXIES": 1, "WEB_SERVER_START_PORT": free_port()}
    ended = subprocess.run(
        command,
        cwd=ROOT,
        env=commands.environment(**settings),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode != 0
    said = (ended.stdout + ended.stderr).splitlines()
    (line,) = [line for line in said if not line.startswith("make") and "[INFO] Starting" not in line]
    assert line.startswith("imagehost: other machines can reach this host (TRUSTED_PROXIES is 1")
    # Nothing was changed.
    assert not (tmp_path / "imagehost.db").exists()


def test_commands_need_no_decision(tmp_path):
    settings = {"INSTANCE_DIR": tmp_path, "TRUSTED_PROXIES": 1, "PUBLIC_URL": "https://img.example.org"}
    for words in (("db", "upgrade"), ("backup", "create"), ("backup", "list"), ("cleanup",)):
        ended = commands.run(settings, *words)
        assert ended.returncode == 0, ended.stderr
        assert "ACCESS" not in ended.stdout + ended.stderr
    name = commands.flask(settings, "backup", "list")["backups"][0]["name"]
    assert commands.run(settings, "backup", "restore", name, "--yes").returncode == 0


def test_gunicorn_serves_after_a_separate_migration(tmp_path):
    """The systemd units of the first version of the docs start the host this way."""
    assert commands.run({"INSTANCE_DIR": tmp_path}, "db", "upgrade").returncode == 0
    with Server(tmp_path, GUNICORN, WEB_SERVER_WORKERS=1) as server:
        assert requests.get(f"{server.url}/readyz", timeout=30).json()["database"] == "ok"


def test_with_access_the_host_starts_and_logs_its_names(tmp_path):
    settings = {"TRUSTED_PROXIES": 1, "ACCESS": "open", "PUBLIC_URL": "https://img.example.org"}
    with Server(tmp_path, WEB_SERVER_WORKERS=1, **settings) as server:
        assert requests.get(f"{server.url}/images-list", timeout=30).status_code == 200
        (line,) = [line for line in server.app_log().splitlines() if " started " in line]
    assert 'names="img.example.org, localhost and other names without a dot, IP addresses, names that' in line
