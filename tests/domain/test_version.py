"""The version in the program is the same as the version in pyproject.toml."""

import tomllib

from imagehost.domain.version import VERSION
from imagehost.settings.reader import ROOT


def test_both_are_the_same():
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION
