"""All commands in the docs exist, and the docs describe all of our commands."""

import re
import shlex
from collections.abc import Iterator

import click
import pytest
from ruamel.yaml import YAML

from imagehost import create_app
from imagehost.settings.reader import ROOT
from tests.test_docs import PAGES

DOCS = {page.name: page.read_text() for page in PAGES}
COMPOSE = YAML(typ="safe").load(ROOT / "compose.yaml")
WITH_A_VALUE = {"-f", "--scale", "--tail", "--volume"}
COMPOSE_COMMANDS = {"build", "down", "exec", "logs", "ps", "restart", "run", "stop", "up"}


def typed() -> Iterator[str]:
    """Yield all code in the docs: lines between fences, and text in backticks."""
    for text in DOCS.values():
        for block in re.findall(r"^```.*?\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            yield from re.sub(r"\\\n\s*", "", block).splitlines()
        prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
        yield from (" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose))


def calls(program: str) -> set[str]:
    """Return the text after a program's name, up to the end of the command, for each call."""
    found = re.compile(rf"(?:^|[\s/(])(?:{program}) ([^|&;>)]+)")
    return {match.strip() for line in typed() for match in found.findall(line)}


@pytest.fixture(scope="module")
def cli(tmp_path_factory) -> click.Group:
    return create_app(INSTANCE_DIR=tmp_path_factory.mktemp("cli")).cli


def find(cli: click.Group, words: list[str]) -> click.Command | None:
    """Return the command that words name, or None."""
    command: click.Command = cli
    for word in words:
        if not isinstance(command, click.Group) or not re.fullmatch("[a-z][a-z-]*", word):
            break
        if word not in command.commands:
            return None
        command = command.commands[word]
    return command


def test_every_flask_command_that_the_docs_name_exists(cli):
    named = calls("flask")
    assert len(named) > 30
    assert not [call for call in named if call != "…" and find(cli, call.split()) is None]


def test_every_option_of_a_flask_command_that_the_docs_name_exists(cli):
    named = {(call, option) for call in calls("flask") for option in re.findall(r"(?<=\s)--[a-z-]+", call)}
    assert len(named) > 10
    assert not [(call, option) for call, option in named if option not in options(find(cli, call.split()))]


def options(command: click.Command) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts if option.startswith("--")}


def ours(group: click.Group, name: str = "flask") -> Iterator[tuple[str, click.Command]]:
    """Yield the commands of this project, without those of Flask and its extensions."""
    for word, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from ours(command, f"{name} {word}")
        elif command.callback.__module__.startswith("imagehost."):
            yield f"{name} {word}", command


def test_every_flask_command_is_described(cli):
    found = dict(ours(cli))
    assert {"flask backup create", "flask cleanup", "flask db copy-from"} <= set(found)
    named = calls("flask")
    assert not [name for name in found if not any(call.startswith(name[6:]) for call in named)]


def test_every_option_is_described(cli):
    text = "\n".join(typed())
    missing = [
        (name, option)
        for name, command in ours(cli)
        for option in options(command)
        if not re.search(rf"{option}(?![a-z-])", text)
    ]
    assert not missing


def compose_calls() -> set[tuple[str, ...]]:
    """Return the words after ``docker compose`` of each command."""
    found = set()
    for line in typed():
        if "docker compose" in line:
            words = shlex.split(line.removeprefix("$ ").removeprefix("# "), comments=True)
            ends = [place for place, word in enumerate(words) if word in {"|", "&&", "<", ">"}]
            for begin, end in zip([-1, *ends], [*ends, len(words)], strict=True):
                if words[begin + 1 : begin + 3] == ["docker", "compose"]:
                    found.add(tuple(words[begin + 3 : end]))
    return found - {()}


@pytest.mark.parametrize("call", sorted(compose_calls()), ids=" ".join)
def test_compose_commands_and_services_in_the_docs_exist(call):
    words = list(call)
    arguments: list[str] = []
    # The command for the container begins after the name of the service.
    while words and not (len(arguments) == 2 and arguments[0] in {"exec", "run"}):
        word = words.pop(0)
        if word in WITH_A_VALUE:
            value = words.pop(0)
            assert word != "-f" or (ROOT / value).exists()
        elif not word.startswith("-"):
            arguments.append(word)
    verb, *services = arguments
    assert verb in COMPOSE_COMMANDS
    assert set(services) <= set(COMPOSE["services"])


def test_the_volumes_and_networks_that_the_docs_name_are_there():
    named = {name for line in typed() for name in re.findall(r"imagehost_([a-z]+)\b", line)}
    assert named <= {*COMPOSE["volumes"], *COMPOSE["networks"]}
