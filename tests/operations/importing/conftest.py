"""A folder of pictures, and its import."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from imagehost.host import Host
from imagehost.operations import importing
from imagehost.operations.importing import Decision, ImportResult
from tests import pictures


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with four pictures."""
    gallery = tmp_path / "gallery"
    (gallery / "summer" / "sea").mkdir(parents=True)
    for number, path in enumerate(("b.jpg", "a.jpg", "summer/c.jpg", "summer/sea/d.jpg")):
        (gallery / path).write_bytes(pictures.jpg(10 + number, 8))
    return gallery


@pytest.fixture
def bring(host: Host, app: Flask, folder: Path) -> Callable[..., ImportResult]:
    def run(**options: bool) -> ImportResult:
        with app.app_context():
            return importing.import_folder(host, folder, **options)

    return run


def counts(outcome: ImportResult) -> dict[str, int]:
    return {what.name.lower(): outcome.counts[what] for what in Decision if outcome.counts[what]}
