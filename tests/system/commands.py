"""Run commands like an administrator: each in a separate process."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from imagehost.settings.reader import ROOT

FLASK = str(Path(sys.executable).with_name("flask"))


def environment(**settings: object) -> dict[str, str]:
    """Return the environment of a command with these settings, and without those of the developer."""
    given = {name: str(value) for name, value in settings.items()}
    return {**os.environ, "FLASK_SKIP_DOTENV": "1", **given}


def run(
    settings: Mapping[str, object], *words: str, inside: Sequence[str] = (), timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run a flask command. ``inside`` is a command that runs another one."""
    return subprocess.run(
        [*inside, FLASK, *words],
        cwd=ROOT,
        env=environment(**settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def flask(settings: Mapping[str, object], *words: str) -> dict[str, object]:
    """Run a command that must succeed, and return its JSON."""
    ended = run(settings, *words, "--json")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return json.loads(ended.stdout)
