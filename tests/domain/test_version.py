"""The version is said once for the program, and once for packagers."""

import tomllib

from imagehost.domain.version import VERSION
from imagehost.settings.reader import ROOT


def test_both_are_the_same():
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION
