"""The files under ``nginx/``: the generated configuration, and checks of it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from imagehost.domain.host_names import map_of_nginx
from imagehost.server import nginx_files
from imagehost.settings.definitions import FORM_OVERHEAD, load_settings
from imagehost.settings.reader import ROOT
from imagehost.web.readable import readable_size
from tests.system.nginx import Nginx, make_certificate, read, working_folder
from tests.system.server import wait_until

FOLDER = ROOT / "nginx"
SETTINGS = FOLDER / "15-settings.envsh"
VARIANTS = {
    "plain": {},
    "json": {"LOG_FORMAT": "json"},
    "everywhere": {"LISTEN_ADDRESSES": "", "ACCESS": "open"},
    "many ports": {"WEB_SERVER_PORTS": 256, "WEB_SERVER_START_PORT": 65000},
    "no address": {"APP_HOST": "nobody.invalid"},
    "tls": {"TLS": True},
    "redirect": {"TLS": True, "HTTPS_REDIRECT": "true", "PUBLIC_URL": "https://img.example.org"},
    "odd folder": {"IMAGES_DIR": "/srv/pictures of mine"},
    "huge": {"MAX_FILE_SIZE": 2**40, "CLIENT_CONNECTIONS": 10000, "PROXY_TIMEOUT": 3600},
    "indexed": {"ALLOW_INDEXING": "true"},
    "names": {"ALLOWED_HOSTS": f"{'a' * 63}.{'b' * 63}.{'c' * 63}.example,B.example,bücher.example"},
    "tiny": {"MAX_FILE_SIZE": 1, "NGINX_WORKERS": 1},
}


def program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


@pytest.mark.parametrize("variant", VARIANTS)
def test_nginx_and_gixy_have_nothing_against_it(tmp_path, variant):
    settings = dict(VARIANTS[variant])
    if settings.pop("TLS", False):
        settings |= make_certificate(tmp_path)
    # Use the default ports: gixy complains about other ports that end in 443.
    ports = {"HTTP_LISTEN_PORT": 8080, "API_LISTEN_PORT": 8000, "HTTPS_LISTEN_PORT": 8443}
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / nginx_files.TYPES_FILE).write_bytes(nginx_files.types())
    (tmp_path / "assets" / nginx_files.HOST_NAMES_FILE).write_text(map_of_nginx())
    nginx = Nginx(tmp_path, **ports, **settings)
    said = nginx.check()
    assert "test is successful" in said
    assert "warn" not in said
    conf = tmp_path / "nginx" / "nginx.conf"
    left = [path for path in conf.parent.glob("*.conf") if re.search(r"\$\{?[A-Z]", path.read_text())]
    assert left == []
    checked = subprocess.run(
        [program("gixy"), str(conf)], capture_output=True, text=True, check=False, timeout=60
    )
    assert "No issues found" in checked.stdout, checked.stdout
    assert checked.returncode == 0


@pytest.mark.parametrize(
    "addresses", ["", "127.0.0.1 10.0.0.1", "[::1] [::]", "127.example.org", "1127.0.0.1"]
)
def test_the_script_opens_the_host_to_other_machines_only_with_access(tmp_path, addresses):
    """The application behind nginx listens on loopback, and may not know that nginx is there."""
    nginx = Nginx(tmp_path, LISTEN_ADDRESSES=addresses, ACCESS="")
    ended = subprocess.run(
        nginx.command("-t"), env=nginx.environment, capture_output=True, text=True, check=False, timeout=30
    )
    (line,) = ended.stderr.splitlines()
    assert ended.returncode == 1
    for word in ("ACCESS=open", "everybody", "LISTEN_ADDRESSES=127.0.0.1", "docs/access.md"):
        assert word in line


def test_it_needs_no_decision_for_this_machine(tmp_path):
    assert "successful" in Nginx(tmp_path, LISTEN_ADDRESSES="127.0.0.1 [::1] 127.8.0.1", ACCESS="").check()


def test_the_scripts_are_sound():
    scripts = [*FOLDER.glob("*.sh"), SETTINGS]
    checked = subprocess.run(
        [program("shellcheck"), "-x", *map(str, scripts)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.stdout == ""
    # The official image skips files that are not executable.
    assert [path for path in scripts if not os.access(path, os.X_OK)] == []


def test_the_official_image_makes_the_same_files(tmp_path):
    """The official image reads the settings, and replaces all variables that the environment has."""
    nginx = Nginx(tmp_path, APP_HOST="app", LOG_DIR=tmp_path, IMAGES_DIR="/images", ASSETS_DIR="/assets")
    conf, other = tmp_path / "nginx", tmp_path / "other"
    nginx.check()
    other.mkdir()
    script = (
        '. "$1"; cd "$2"; all=$(env | sed "s/=.*//;s/^/$/" | tr "\\n" " ");'
        'for name in *; do envsubst "$all" <"$name" >"$3/${name%.template}"; done'
    )
    environment = {**nginx.environment, "NGINX_CONF_DIR": str(conf), "NGINX_TEMP_DIR": str(conf / "temp")}
    command = ["sh", "-euc", script, "sh", str(SETTINGS), str(FOLDER / "templates"), str(other)]
    subprocess.run(command, env=environment, check=True, timeout=30)
    made = {path.name: path.read_text() for path in other.iterdir()}
    assert made == {name: (conf / name).read_text() for name in made}
    assert len(made) > 10


def test_relative_folders_start_where_the_caller_is(tmp_path):
    make_certificate(tmp_path)
    relative = {"INSTANCE_DIR": "here", "TLS_CERTIFICATE": "certificate.pem", "TLS_KEY": "key.pem"}
    nginx = Nginx(tmp_path, IMAGES_DIR="pictures", **relative)
    subprocess.run(
        nginx.command("-t"), cwd=tmp_path, env=nginx.environment, check=True, capture_output=True, timeout=30
    )
    conf = tmp_path / "here" / "nginx"
    assert f'error_log "{tmp_path}/here/logs/error.log"' in (conf / "nginx.conf").read_text()
    assert f'"{tmp_path}/pictures$elsewhere/' in (conf / "pages.conf").read_text()


def test_a_look_leaves_a_running_nginx_alone(tmp_path):
    with Nginx(tmp_path, WEB_SERVER_START_PORT=1) as nginx:
        before = (tmp_path / "nginx" / "nginx.pid").read_text()
        nginx.check()
        assert (tmp_path / "nginx" / "nginx.pid").read_text() == before
        assert requests.get(nginx.url, timeout=30).status_code == 502


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAX_FILE_SIZE", "10M"),
        ("MAX_FILE_SIZE", "0"),
        ("WEB_SERVER_PORTS", "-1"),
        ("LOG_FORMAT", "xml"),
        ("HTTPS_REDIRECT", "yes"),
        ("ALLOW_INDEXING", "perhaps"),
        ("PROXY_TIMEOUT", "5; return 200"),
        ("ALLOWED_HOSTS", "a.example 1; default"),
        ("ALLOWED_HOSTS", "*"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_line(tmp_path, name, value):
    nginx = Nginx(tmp_path, **{name: value})
    ended = subprocess.run(
        nginx.command(), env=nginx.environment, capture_output=True, text=True, check=False, timeout=30
    )
    assert ended.returncode != 0
    assert re.fullmatch(
        f"imagehost: the setting {name} is '{re.escape(value)}', but must be .+\\.\n", ended.stderr
    )


def derived(**settings: object) -> dict[str, str]:
    """Return the variables that follow from settings."""
    environment = {"PATH": os.environ["PATH"], **{name: str(value) for name, value in settings.items()}}
    said = subprocess.run(
        ["sh", "-euc", '. "$1"; env', "sh", str(SETTINGS)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    ).stdout
    return dict(line.split("=", 1) for line in said.splitlines())


@pytest.mark.parametrize("size", [1, 2, 1023, 1024, 1075, 1536, 1048575, 10485760, 12345678, 2**30, 2**40])
def test_the_limit_is_written_as_the_application_writes_it(size):
    values = derived(MAX_FILE_SIZE=size)
    assert values["LIMIT"] == readable_size(size)
    assert values["LIMIT_WITH_COMMA"] == readable_size(size).replace(".", ",")
    # nginx never refuses a picture that the application allows.
    assert int(values["BODY_LIMIT"]) > size + FORM_OVERHEAD


@pytest.mark.parametrize(
    ("public_url", "leads_to"),
    [
        ("https://img.example.org:8443/", "https://img.example.org:8443"),
        ("https://bücher.example", "https://$named_host_without_port"),
        ("http://img.example.org", "https://$named_host_without_port"),
        ("", "https://$named_host_without_port"),
    ],
)
def test_plain_http_is_redirected_to_a_name_in_ascii(public_url, leads_to):
    assert derived(PUBLIC_URL=public_url)["HTTPS_URL"] == leads_to


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({}, []),
        ({"PUBLIC_URL": "http://[::1]:8000"}, []),
        ({"PUBLIC_URL": "https://IMG.example.org:8443/"}, ["img.example.org"]),
        ({"ALLOWED_HOSTS": " b.example., nas,B.example"}, ["b.example"]),
        ({"ALLOWED_HOSTS": "bücher.example,b.example"}, ["b.example", r'"~(^|\.)xn--"']),
    ],
)
def test_own_names_follow_from_the_settings(tmp_path, settings, names):
    for name in (nginx_files.TYPES_FILE, nginx_files.HOST_NAMES_FILE):
        (tmp_path / name).touch()
    told = derived(ASSETS_DIR=tmp_path, **settings)["OWN_NAMES"]
    assert re.findall(r"(\S+) 1;", told) == names
    assert told.startswith("default 0; include ")
    assert derived(ASSETS_DIR="/nowhere", **settings)["OWN_NAMES"] == "default 1;"


def test_the_defaults_are_the_applications(tmp_path):
    settings, values = load_settings(INSTANCE_DIR=tmp_path), derived()
    for name in ("LOG_FORMAT", "MAX_FILE_SIZE", "WEB_SERVER_PORTS", "WEB_SERVER_START_PORT"):
        assert values[name] == str(getattr(settings, name.lower()))


def test_the_docs_explain_every_setting_of_nginx_with_its_default():
    explained = dict(
        re.findall(r"^\| `([A-Z_]+)` \| (.+?) \|", (ROOT / "docs/nginx.md").read_text(), re.MULTILINE)
    )
    ours = SETTINGS.read_text().split("# Settings of nginx.")[1]
    read = dict(re.findall(r"^setting ([A-Z_]+) (.+)$", ours, re.MULTILINE))
    assert set(explained) == set(read)
    for name, default in read.items():
        if re.fullmatch(r"[\w/.]+", default):
            assert explained[name] == f"`{default}`"


def test_an_ordinary_user_needs_no_more_than_its_own_folders(host):
    """As in the container, nginx can write only to these folders, and does not run as root."""
    with working_folder() as folder:
        for name in ("conf", "temp", "logs"):
            (folder / name).mkdir()
        folders = {
            "NGINX_CONF_DIR": folder / "conf",
            "NGINX_TEMP_DIR": folder / "temp",
            "LOG_DIR": folder / "logs",
            "ASSETS_DIR": host.folder / "assets",
            "WEB_SERVER_START_PORT": host.backends[0].port,
        }
        inside = []
        if os.geteuid() == 0:
            for path in folder.iterdir():
                shutil.chown(path, "nobody")
            inside = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--no-new-privs"]
        with Nginx(folder, inside, as_root=False, **folders) as nginx:
            for path in ("/images-list", "/favicon.ico"):
                assert requests.get(nginx.url + path, timeout=30).status_code == 200
            # nginx writes several lines at once.
            wait_until(lambda: "/favicon.ico" in read(folder / "logs" / "access.log"), "there is no line")
