"""The version is said once for the program, and once for packagers."""

import tomllib

from imagehost.environment import ROOT
from imagehost.version import VERSION


def test_both_are_the_same():
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION
