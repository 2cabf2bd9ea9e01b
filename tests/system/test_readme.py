"""The examples in README.md are true."""

import json
import re
import shlex
import shutil
import subprocess

import pytest

from imagehost.settings.reader import ROOT
from tests import pictures

README = (ROOT / "README.md").read_text()
EXAMPLES = re.findall(r"^\$ (curl .+)\n(.+)$", README, re.MULTILINE)
CHANGING = {"url", "filename", "thumbnail_url", "upload_time", "view_url"}


@pytest.fixture
def folder(tmp_path):
    shutil.copy(pictures.CHINA, tmp_path / "photo.jpg")
    return tmp_path


def test_the_commands_give_the_printed_answers(server, folder):
    """The commands run in their order on an empty host. Names and times are compared by their form."""
    assert [command.split()[-1].rsplit("/", 1)[-1] for command, _ in EXAMPLES] == [
        "upload",
        "images-list",
        "1",
    ]
    for command, printed in EXAMPLES:
        local = command.replace("http://localhost:8000", server.url)
        answer = subprocess.run(
            [*shlex.split(local), "-sS"], cwd=folder, capture_output=True, check=True, timeout=30
        ).stdout.decode()
        assert comparable(json.loads(answer), server.url) == comparable(
            json.loads(printed), "http://localhost:8000"
        )


def comparable(value, host):
    """Replace values that differ between hosts by their form. Keep the keys and their order."""
    if isinstance(value, dict):
        return [
            (key, form(inner, host) if key in CHANGING else comparable(inner, host))
            for key, inner in value.items()
        ]
    return [comparable(inner, host) for inner in value] if isinstance(value, list) else value


def form(text, host):
    text = text.replace(host, "HOST")
    return re.sub(r"\d", "9", re.sub(r"[a-z0-9]{16}", "NAME", text))


def test_the_two_commands_are_at_the_top():
    assert re.findall(r"^\$ (make \w+)", README.split("\n## ")[0], re.MULTILINE) == ["make run", "make test"]
