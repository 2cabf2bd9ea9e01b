"""docs/commands.md describes all options of the commands."""

import re

import click
import pytest
from flask import Flask

from imagehost.settings.reader import ROOT

SECTIONS = re.findall(
    r"^## `flask ([a-z -]+)`\n(.*?)(?=^## |\Z)",
    (ROOT / "docs" / "commands.md").read_text(),
    re.MULTILINE | re.DOTALL,
)


def find(app: Flask, name: str) -> click.Command:
    command: click.Command = app.cli
    for word in name.split():
        assert isinstance(command, click.Group)
        command = command.commands[word]
    return command


@pytest.mark.parametrize(("name", "text"), SECTIONS, ids=[name for name, _ in SECTIONS])
def test_a_section_names_every_option_and_no_unknown_one(app, name, text):
    named = set(re.findall(r"(?<=[`\s])--[a-z-]+", text))
    assert options(find(app, name)) <= named
    assert named <= {option for other, _ in SECTIONS for option in options(find(app, other))}


def test_the_commands_have_sections():
    assert {name for name, _ in SECTIONS} == {"cleanup", "images import", "images export", "db copy-from"}


def options(command: click.Command) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
