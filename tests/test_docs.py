"""The docs describe all settings, addresses, commands and tests that exist, and no others."""

import re
from pathlib import Path

import pytest
from environs import Env

from imagehost import create_app
from imagehost.settings import definitions
from imagehost.settings.reader import ROOT

CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()
SAMPLE = (ROOT / ".env.sample").read_text()
API = (ROOT / "docs" / "api.md").read_text()
COMPOSE = "".join(path.read_text() for path in sorted(ROOT.glob("compose*.yaml")))
NGINX = (ROOT / "nginx" / "15-settings.envsh").read_text()
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


@pytest.fixture
def settings_read(monkeypatch, tmp_path) -> set[str]:
    """Return the names of all settings that the code reads from the environment."""
    names = set()
    original = Env.str

    def record(self, name, *args, **kwargs):
        names.add(name)
        return original(self, name, *args, **kwargs)

    monkeypatch.setattr(Env, "str", record)
    definitions.load_settings(INSTANCE_DIR=tmp_path)
    return names | {"INSTANCE_DIR"}


@pytest.fixture(scope="module")
def compose_reads() -> dict[str, str]:
    """Return the names of all settings that Docker Compose reads from .env, and their defaults."""
    return dict(re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", COMPOSE))


def test_configuration_explains_every_setting(settings_read, compose_reads):
    explained = set(re.findall(r"^### `([A-Z_]+)`$", CONFIGURATION, re.MULTILINE))
    assert explained == settings_read | set(compose_reads)


def test_the_sample_lists_every_setting_but_aliases(settings_read, compose_reads):
    listed = re.findall(r"^#?([A-Z_]+)=", SAMPLE, re.MULTILINE)
    assert sorted(listed) == sorted(settings_read - {"UPLOAD_DIR"} | set(compose_reads))


def test_configuration_says_which_settings_compose_decides(settings_read, compose_reads):
    decided = CONFIGURATION.split("## Docker Compose")[1].split("are set for you")[0]
    assert set(re.findall(r"`([A-Z_]+)`", decided)) == settings_read - set(compose_reads)


def test_every_setting_of_compose_has_a_default(compose_reads):
    assert set(re.findall(r"\$\{?([A-Za-z_]+)", COMPOSE)) == set(compose_reads)


def test_the_sample_shows_the_defaults_of_compose_and_else_those_of_nginx(compose_reads):
    shown = dict(re.findall(r"^#([A-Z_]+)=(.*)$", SAMPLE, re.MULTILINE))
    of_nginx = dict(re.findall(r"^setting ([A-Z_]+) (\d+)$", NGINX, re.MULTILINE))
    defaults = {name: default or of_nginx.get(name) for name, default in compose_reads.items()}
    assert {name: shown[name] for name in defaults if defaults[name]} == {
        name: default for name, default in defaults.items() if default
    }


def test_the_sample_shows_the_defaults(monkeypatch, tmp_path):
    """If all lines of the sample are active, only settings without a default change."""
    defaults = definitions.load_settings(INSTANCE_DIR=tmp_path, SECRET_KEY="k", WEB_SERVER_WORKERS=2)
    for name, value in re.findall(r"^#([A-Z_]+)=(.+)$", SAMPLE, re.MULTILINE):
        if not name.startswith("DB_") and not name.endswith(("_DIR", "_URL", "_ADDRESS")):
            monkeypatch.setenv(name, value)
    assert definitions.load_settings(INSTANCE_DIR=tmp_path, SECRET_KEY="k") == defaults


def test_every_address_is_described(tmp_path):
    rules = [
        rule
        for rule in create_app(INSTANCE_DIR=tmp_path).url_map.iter_rules()
        if rule.endpoint[-6:] != "static"
    ]
    routes = {
        f"{method} {plain(rule.rule)}" for rule in rules for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    table = API.split("\n## ")[0]
    described = re.findall(r"`((?:GET|POST|DELETE) [^`?]+)", table)
    assert {route.rstrip("/") for route in described} == {route.rstrip("/") for route in routes}


def plain(rule: str) -> str:
    """Return a route as the docs write it: without converters."""
    return re.sub(r"<.*?(filename|name|id|side)>", r"<\1>", rule)


def test_the_commands_that_the_docs_name_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {target for page in PAGES for target in re.findall(r"(?:`|\$ )make ([a-z]+)", page.read_text())}
    assert named
    assert named <= targets, named - targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_the_docs_lead_somewhere(page: Path):
    links = re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", page.read_text())
    local = [
        (page.parent / target if target else page, place) for target, place in links if "://" not in target
    ]
    assert not [target for target, _ in local if not target.exists()]
    assert not [place for target, place in local if place and place not in places(target)]


def places(page: Path) -> set[str]:
    """Return the anchors of a page: its headings, in GitHub's form."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def threats() -> list[list[str]]:
    """Return the rows of the threat model: attacker, attack, defence, tests."""
    table = (ROOT / "SECURITY.md").read_text().split("## Threat model")[1]
    rows = [line.strip("|").split(" | ") for line in table.splitlines() if line.startswith("| ")]
    return rows[2:]


def test_the_threat_model_has_an_attacker_an_attack_a_defence_and_tests_in_each_row():
    assert len(threats()) > 30
    assert [row for row in threats() if len(row) != 4 or not all(cell.strip() for cell in row[1:])] == []
    assert threats()[0][0].strip()


def test_every_test_that_the_threat_model_names_exists():
    for *_, named in threats():
        tests = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", named)
        assert len(tests) == named.count("`") / 2 > 0, named
        for path, function in tests:
            assert (ROOT / path).is_file(), path
            assert not function or f"def {function}(" in (ROOT / path).read_text(), f"{path}::{function}"


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/architecture.md"])
def test_security_is_found_from(page: str):
    assert "SECURITY.md)" in (ROOT / page).read_text()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_packages_are_locked_by_hashes(name: str):
    packages = re.findall(
        r"^[A-Za-z0-9].*?(?=^[A-Za-z0-9]|\Z)", (ROOT / name).read_text(), re.DOTALL | re.MULTILINE
    )
    assert len(packages) > 10
    assert [package for package in packages if "==" not in package or "--hash=sha256:" not in package] == []
